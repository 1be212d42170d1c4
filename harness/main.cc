// thawlab: parses nothing itself; one file per subcommand in commands/.
int main() {
  return 2;
}
