# Sourced by a transcript: `tab WORD…` prints what bash offers where the last word ends.
tab() {
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  COMPREPLY=()
  compopt() { :; }  # bash has it only while somebody presses Tab
  "_$1"
  printf '%s\n' "${COMPREPLY[@]}" | sort | xargs
}
