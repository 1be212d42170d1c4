# What is installed, and how CPack makes a tarball, a .deb and an .rpm of it. Two components: `thaw` is what its users get,
# `lab` is thawlab with what must lie beside it, for the container; the packages hold the first alone.
#
# ci/package calls CPack, with SOURCE_DATE_EPOCH set; packaging/stage.cmake gives the tree the form that each kind wants.

include(GNUInstallDirs)

# documents(program): its manual pages and completions, written by the program itself at every build of it.
function(documents program component)
  set(to ${CMAKE_BINARY_DIR}/documents/${program})
  add_custom_command(OUTPUT ${to}.stamp
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${to}
    COMMAND ${program} --documents ${to}
    COMMAND ${CMAKE_COMMAND} -E touch ${to}.stamp
    DEPENDS ${program} COMMENT "Writing the manual of ${program}" VERBATIM)
  add_custom_target(${program}-documents ALL DEPENDS ${to}.stamp)
  install(DIRECTORY ${to}/ DESTINATION ${CMAKE_INSTALL_DATAROOTDIR} COMPONENT ${component})
endfunction()
documents(thaw thaw)
documents(thawlab lab)

install(TARGETS thaw RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT thaw)
install(FILES LICENSE ci/packaging/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT thaw)

# thawlab looks for its programs beside itself.
set(lab_directory lib/thawlab)
install(PROGRAMS ${CMAKE_BINARY_DIR}/bin/thawlab ${CMAKE_BINARY_DIR}/bin/thaw ${CMAKE_BINARY_DIR}/bin/thaw-agent
  ${CMAKE_BINARY_DIR}/bin/thaw-oracle.so DESTINATION ${lab_directory} COMPONENT lab)
install(DIRECTORY ${CMAKE_BINARY_DIR}/bin/workloads DESTINATION ${lab_directory} COMPONENT lab USE_SOURCE_PERMISSIONS)
install(DIRECTORY harness/cases DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/thawlab COMPONENT lab)

set(THAW_CONTACT "Thaw maintainers <maintainers@thaw.invalid>" CACHE STRING "Who answers for the packages")
set(CPACK_PACKAGE_NAME thaw)
set(CPACK_PACKAGE_VENDOR "Thaw")
set(CPACK_PACKAGE_CONTACT "${THAW_CONTACT}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "CPU profiler that shows why threads wait")
set(CPACK_PACKAGE_DESCRIPTION
"thaw samples stacks and records every context switch and wake-up with eBPF,
so that it can say for each thread when it ran, when it was ready but had no
CPU, and when it waited and who woke it. It is one static program for Linux
5.10 and newer, and is made so that it cannot freeze the machine.")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/package)
set(CPACK_INSTALL_CMAKE_PROJECTS "${CMAKE_BINARY_DIR};thaw;thaw;/")
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/ci/packaging/stage.cmake)
set(CPACK_POST_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/ci/packaging/tarball.cmake)
set(CPACK_GENERATOR TXZ DEB RPM)
set(CPACK_THREADS 1) # xz with several threads cuts its blocks otherwise
set(CPACK_PACKAGE_FILE_NAME thaw-${PROJECT_VERSION}-x86_64)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz) # Debian 11 reads no zstd
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS OFF) # it is static
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE "Apache-2.0 AND (GPL-2.0-only OR BSD-2-Clause)")
set(CPACK_RPM_PACKAGE_DESCRIPTION "${CPACK_PACKAGE_DESCRIPTION}")
set(CPACK_RPM_PACKAGE_RELOCATABLE OFF)
set(CPACK_RPM_PACKAGE_GROUP "Development/Tools")
set(CPACK_RPM_PACKAGE_AUTOREQPROV OFF)
set(CPACK_RPM_COMPRESSION_TYPE xz)
# Folders of the distro's own package `filesystem`; ours are those of shells that need not be there.
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION /usr/share/man /usr/share/man/man1)
# Without them the time of the build and the name of the machine are in the header.
set(CPACK_RPM_SPEC_MORE_DEFINE
"%define use_source_date_epoch_as_buildtime 1
%define clamp_mtime_to_source_date_epoch 1
%define _buildhost localhost
%define __os_install_post %{nil}
%define _build_id_links none
%define debug_package %{nil}")

include(CPack)
