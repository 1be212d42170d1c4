# Run by CPack between installing into its staging folder and packing that, once for each kind of package: gives the tree
# the form that Debian and the RPM distros want, and one time, one set of modes, so that the same tree makes the same bytes.

set(epoch $ENV{SOURCE_DATE_EPOCH})
if(epoch STREQUAL "")
  message(FATAL_ERROR "SOURCE_DATE_EPOCH is not set; ci/package sets it")
endif()
set(stage ${CPACK_TEMPORARY_DIRECTORY})
function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(share ${stage}/share)
if(NOT CPACK_GENERATOR STREQUAL "TXZ")
  set(share ${stage}/usr/share)
  file(GLOB pages ${share}/man/man1/*.1)
  run(gzip -9n ${pages})
endif()
if(CPACK_GENERATOR STREQUAL "DEB")
  # Debian's zsh reads another folder, the licence is in base-files, and a changelog is a must.
  file(MAKE_DIRECTORY ${share}/zsh)
  file(RENAME ${share}/zsh/site-functions ${share}/zsh/vendor-completions)
  file(REMOVE ${share}/doc/thaw/LICENSE)
  execute_process(COMMAND date -u -R -d @${epoch} OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE
    COMMAND_ERROR_IS_FATAL ANY)
  file(WRITE ${share}/doc/thaw/changelog
    "thaw (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n  * Release ${CPACK_PACKAGE_VERSION}.\n\n"
    " -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
  run(gzip -9n ${share}/doc/thaw/changelog)
  file(COPY_FILE ${CMAKE_CURRENT_LIST_DIR}/lintian-overrides ${stage}/lintian-overrides)
  file(MAKE_DIRECTORY ${share}/lintian/overrides)
  file(RENAME ${stage}/lintian-overrides ${share}/lintian/overrides/thaw)
endif()

run(find ${stage} -type d -exec chmod 0755 {} +)
run(find ${stage} -type f ! -name thaw -exec chmod 0644 {} +)
run(find ${stage} -exec touch -h -d @${epoch} {} +)
