# The libraries Thaw uses, as imported targets. Archives wherever Debian has them, so that the static programs and
# thawlab are built from the same objects.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# dependency(NAME archive…): an INTERFACE target `dep::NAME` from static archives.
function(dependency name)
  add_library(dep_${name} INTERFACE)
  foreach(archive ${ARGN})
    find_library(THAW_LIB_${archive} NAMES lib${archive}.a REQUIRED)
    target_link_libraries(dep_${name} INTERFACE ${THAW_LIB_${archive}})
  endforeach()
  add_library(dep::${name} ALIAS dep_${name})
endfunction()

# Debian has fmt and spdlog as shared libraries only, and the static programs need archives. fmt is compiled once from
# its own headers (fmt.cc): header-only it costs 3.4 of the 4.4 seconds that a small file takes.
add_library(dep_fmt STATIC ${CMAKE_SOURCE_DIR}/ci/cmake/fmt.cc)
add_library(dep::fmt ALIAS dep_fmt)
add_library(dep_spdlog INTERFACE)
target_compile_definitions(dep_spdlog INTERFACE SPDLOG_HEADER_ONLY SPDLOG_FMT_EXTERNAL)
target_link_libraries(dep_spdlog INTERFACE dep::fmt Threads::Threads)
add_library(dep::spdlog ALIAS dep_spdlog)
dependency(zstd zstd)
dependency(bpf bpf elf z)
dependency(elf elf z)
dependency(iberty iberty)
dependency(z z)
# SQLiteCpp is an archive in Debian, and a static SQLite beside it leaves thawlab nothing to find at run time.
dependency(sqlite SQLiteCpp sqlite3)
target_link_libraries(dep_sqlite INTERFACE Threads::Threads m ${CMAKE_DL_LIBS})
dependency(dw dw elf lzma bz2 z)

# Boost 1.81: Process v2 is compiled once, in harness/machine (BOOST_PROCESS_V2_SEPARATE_COMPILATION).
dependency(boost boost_filesystem boost_system)
target_compile_definitions(dep_boost INTERFACE BOOST_PROCESS_V2_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(dep_boost INTERFACE Threads::Threads)

# Only thawlab uses these; it is not static.
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(SOLV REQUIRED IMPORTED_TARGET libsolv libsolvext)
pkg_check_modules(PUGIXML REQUIRED IMPORTED_TARGET pugixml)
find_package(nlohmann_json REQUIRED)
