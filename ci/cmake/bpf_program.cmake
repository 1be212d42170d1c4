# bpf_program(sample profiler/bpf/sample.bpf.c) makes the target `sample_skel`: an INTERFACE library that carries the
# generated header sample.skel.h. Header dependencies come from clang's -MD.

find_program(BPF_CLANG NAMES clang-14 REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)

set(BPF_FLAGS
  -g -O2 -target bpf
  # v3: 32-bit ALU and jumps, Linux 5.1; newer instructions (fetching atomics, 5.12) must not be used: 5.10 is supported.
  -mcpu=v3
  -D__TARGET_ARCH_x86 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers
  -I${CMAKE_SOURCE_DIR} -idirafter /usr/include/x86_64-linux-gnu)

function(bpf_program name source)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
  set(skeleton ${CMAKE_CURRENT_BINARY_DIR}/skel/${name}.skel.h)
  get_filename_component(input ${source} ABSOLUTE)
  add_custom_command(OUTPUT ${object}
    COMMAND ${BPF_CLANG} ${BPF_FLAGS} -ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -MD -MF ${object}.d -c ${input} -o ${object}
    DEPENDS ${input} DEPFILE ${object}.d
    COMMENT "BPF ${name}.bpf.o" VERBATIM)
  add_custom_command(OUTPUT ${skeleton}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/skel
    COMMAND sh -c "\"$1\" gen skeleton \"$2\" name \"$3\" > \"$4.tmp\" && mv \"$4.tmp\" \"$4\"" sh
            ${BPFTOOL} ${object} ${name}_bpf ${skeleton}
    DEPENDS ${object} COMMENT "Skeleton ${name}.skel.h" VERBATIM)
  add_custom_target(${name}_skel_files DEPENDS ${skeleton})
  add_library(${name}_skel INTERFACE)
  add_dependencies(${name}_skel ${name}_skel_files)
  target_include_directories(${name}_skel SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR}/skel)
  target_link_libraries(${name}_skel INTERFACE dep::bpf)
endfunction()
