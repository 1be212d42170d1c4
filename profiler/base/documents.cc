// Puts what manual.cc and completion_*.cc write where packages have it. What a package format wants
// otherwise (compressed pages, another folder for zsh) is ci/package's business.

#include "profiler/base/documents.h"

#include "profiler/base/completion.h"
#include "profiler/base/files.h"
#include "profiler/base/manual.h"

namespace thaw {

namespace fs = std::filesystem;

namespace {

Status write_below(const fs::path& file, const std::string& text) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  if (error)
    return fail(ErrorKind::Environment, "cannot make {}: {}", file.parent_path().string(),
                error.message());
  return write_file(file, text);
}

}  // namespace

Status write_documents(const CommandPage& program, const std::string& version,
                       const fs::path& share) {
  for (const ManualPage& page : manual_pages(program, version))
    TRY(write_below(share / "man/man1" / page.file, page.text));
  TRY(write_below(share / "bash-completion/completions" / program.name, bash_completion(program)));
  TRY(write_below(share / "zsh/site-functions" / ("_" + program.name), zsh_completion(program)));
  return write_below(share / "fish/vendor_completions.d" / (program.name + ".fish"),
                     fish_completion(program));
}

}  // namespace thaw
