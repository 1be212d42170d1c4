# viewer_page(target web source.S): builds the viewer's page (npm packages, TypeScript) below the build folder and puts it
# into a library, through an assembly file that includes "viewer.html".
function(viewer_page target web assembly)
  find_program(THAW_NODE NAMES node nodejs)
  find_program(THAW_NPM npm)
  if(NOT THAW_NODE OR NOT THAW_NPM)
    message(FATAL_ERROR "The viewer needs node (18 or newer) and npm; `ci/setup base` installs them.")
  endif()
  set(from ${CMAKE_CURRENT_SOURCE_DIR}/${web})
  set(to ${CMAKE_CURRENT_BINARY_DIR}/${web})
  file(GLOB sources CONFIGURE_DEPENDS ${from}/src/*)
  set(fixed package.json package-lock.json .npmrc)
  set(fixed_from)
  foreach(name ${fixed})
    list(APPEND fixed_from ${from}/${name})
  endforeach()
  add_custom_command(
    OUTPUT ${to}/packages.stamp
    COMMAND ${CMAKE_COMMAND} -E make_directory ${to}
    COMMAND ${CMAKE_COMMAND} -E copy ${fixed_from} ${to}
    COMMAND ${THAW_NPM} --prefix ${to} ci --ignore-scripts --no-audit --no-fund --loglevel=error
    COMMAND ${CMAKE_COMMAND} -E touch ${to}/packages.stamp
    DEPENDS ${fixed_from} COMMENT "Fetching the viewer's packages" VERBATIM)
  add_custom_command(
    OUTPUT ${to}/dist/viewer.html
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${to}/src
    COMMAND ${CMAKE_COMMAND} -E copy_directory ${from}/src ${to}/src
    COMMAND ${CMAKE_COMMAND} -E copy ${from}/build.mjs ${from}/tsconfig.json ${to}
    COMMAND ${CMAKE_COMMAND} -E chdir ${to} ${THAW_NODE} build.mjs
    DEPENDS ${to}/packages.stamp ${sources} ${from}/build.mjs ${from}/tsconfig.json
    COMMENT "Building the viewer's page" VERBATIM)
  target_sources(${target} PRIVATE ${assembly})
  set_source_files_properties(${assembly} PROPERTIES OBJECT_DEPENDS ${to}/dist/viewer.html COMPILE_OPTIONS
    "-I${to}/dist")
  add_custom_target(${target}_page DEPENDS ${to}/dist/viewer.html)
  add_dependencies(${target} ${target}_page)
endfunction()
