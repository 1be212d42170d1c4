// A deterministic guest is a function of what is in it when it starts. Whatever the host does while
// it runs comes at a moment that depends on the host: an NMI through QMP, a disk that answers when
// the host has read it, a person at a shell.

#include "harness/case/machine_rules.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;

thaw::Status check_machine(const Case& test) {
  if (!test.cost.per.empty() && test.machine.oracle != OracleCounts::functions)
    return fail(ErrorKind::User,
                "{}: [cost] is counted by the oracle: set machine.oracle = \"functions\"",
                test.name);
  if (!test.cost.per.empty() && !test.comparison.command.empty())
    return fail(ErrorKind::User,
                "{}: [cost] counts what the recorder adds to the load, and a [comparison] adds as "
                "well: make two cases of it",
                test.name);
  if (!test.machine.is_deterministic) return {};
  const NmiSource source = test.nmi.source;
  if (source != NmiSource::none && source != NmiSource::apic && source != NmiSource::pit)
    return fail(
        ErrorKind::User,
        "{}: a deterministic guest gets its NMIs from \"apic\", \"pit\" or none, not from \"{}\", "
        "which is outside of it",
        test.name, name_of(source));
  if (!test.subject.image.empty())
    return fail(ErrorKind::User,
                "{}: a deterministic guest has no disk, whose answers come when the host has read "
                "them, and so no image; name the subject's files, they go into its memory",
                test.name);
  return {};
}

}  // namespace lab
