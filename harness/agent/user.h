#pragma once
// Who a program runs as. The agent is static and has no name service: it reads passwd itself.

#include <sys/types.h>

#include <string_view>

#include "profiler/base/errors.h"

namespace lab {

struct UserIds {
  uid_t uid = 0;
  gid_t gid = 0;
};

/// `user` is UID, UID:GID, or a name that stands in `passwd`, the text of /etc/passwd; empty is
/// root. A UID alone has the group of the same number. Fails with User. Pure.
thaw::Result<UserIds> ids_of(std::string_view user, std::string_view passwd);

}  // namespace lab
