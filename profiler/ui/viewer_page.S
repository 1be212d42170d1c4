/* The built page as bytes of the program. */
        .section .rodata
        .global thaw_viewer_page
        .global thaw_viewer_page_end
thaw_viewer_page:
        .incbin "viewer.html"
thaw_viewer_page_end:
        .section .note.GNU-stack, "", @progbits
