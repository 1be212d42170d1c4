# Our own targets. One folder is one library; its sources are all .cc files in it.

# thaw_library(name folder dependency…)
function(thaw_library name folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cc)
  if(NOT sources)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${ARGN})
    return()
  endif()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC ${ARGN})
  # libbpf skeletons are generated: order them before the sources that include them.
  foreach(dependency ${ARGN})
    if(TARGET ${dependency}_files)
      add_dependencies(${name} ${dependency}_files)
    endif()
  endforeach()
endfunction()

# thaw_static(target): a program that runs on any x86-64 Linux, inside a guest's initramfs too. Without debug sections,
# which are nine tenths of it (symbols stay): every guest unpacks it while it boots. The debug preset has them.
function(thaw_static target)
  if(THAW_STATIC)
    target_link_options(${target} PRIVATE -static $<$<NOT:$<CONFIG:Debug>>:-Wl,--strip-debug>)
  endif()
endfunction()

# thaw_test(name folder dependency…): one GoogleTest program from all *_test.cc of a folder below tests/. Its ctest label
# is the first part of the folder: unit, live, vm. The last two measure time on a real machine and run alone.
function(thaw_test name folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*_test.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${ARGN} GTest::gtest GTest::gmock GTest::gtest_main)
  string(REGEX MATCH "^[a-z]+" label ${folder})
  set(alone FALSE)
  if(label MATCHES "^(live|vm)$")
    set(alone TRUE)
  endif()
  # Half of a clean build would be the optimizer's work on tests. What they test is optimized; live tests have loads of their own.
  if(NOT label STREQUAL live)
    target_compile_options(${name} PRIVATE -O0 -g1)
  endif()
  gtest_discover_tests(${name} PROPERTIES LABELS ${label} RUN_SERIAL ${alone} DISCOVERY_TIMEOUT 60)
endfunction()
