# Run by CPack when a package is there. CPack puts files into a tarball in the order in which the file system names them,
# which differs from one machine to the next, and with the owner that built them: the tarball is written again, sorted.
# The other kinds are in order.
if(NOT CPACK_GENERATOR STREQUAL "TXZ")
  return()
endif()
get_filename_component(top ${CPACK_TEMPORARY_DIRECTORY} NAME)
get_filename_component(above ${CPACK_TEMPORARY_DIRECTORY} DIRECTORY)
execute_process(
  COMMAND tar --sort=name --owner=0 --group=0 --numeric-owner --format=gnu --mtime=@$ENV{SOURCE_DATE_EPOCH}
          -C ${above} -cf - ${top}
  COMMAND xz -9 -T1
  OUTPUT_FILE ${CPACK_PACKAGE_FILES} COMMAND_ERROR_IS_FATAL ANY)
