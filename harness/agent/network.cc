// The oldest interface there is, netdevice(7): one ioctl for the address, one for the mask, one to
// say up. Drivers are probed while modules are loaded, so eth0 is there by now or never.

#include "harness/agent/network.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "profiler/base/unique_fd.h"

namespace lab {

namespace {

bool set(int socket, const char* name, unsigned long what, const char* address) {
  ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  sockaddr_in internet{};
  internet.sin_family = AF_INET;
  ::inet_pton(AF_INET, address, &internet.sin_addr);
  std::memcpy(&request.ifr_addr, &internet, sizeof internet);
  return ::ioctl(socket, what, &request) == 0;
}

void bring_up(int socket, const char* name, const char* address, const char* mask) {
  if (!set(socket, name, SIOCSIFADDR, address) || !set(socket, name, SIOCSIFNETMASK, mask)) return;
  ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (::ioctl(socket, SIOCGIFFLAGS, &request) != 0) return;
  request.ifr_flags |= IFF_UP | IFF_RUNNING;
  ::ioctl(socket, SIOCSIFFLAGS, &request);
}

}  // namespace

void bring_up_network() {
  const thaw::UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.is_valid()) return;
  bring_up(socket.get(), "lo", "127.0.0.1", "255.0.0.0");
  bring_up(socket.get(), "eth0", "10.0.2.15", "255.255.255.0");
}

}  // namespace lab
