#pragma once
// The fields of a run in results.json that scripts rely on.

namespace test {

inline constexpr const char* kRunFields[] = {"case",
                                             "kernel",
                                             "package",
                                             "verdict",
                                             "expected",
                                             "as_expected",
                                             "reason",
                                             "accelerator",
                                             "qemu",
                                             "seed",
                                             "floor_ms",
                                             "agent_hello_ms",
                                             "capture",
                                             "kernel_switches",
                                             "attribution",
                                             "stalls",
                                             "nmis_sent",
                                             "nmis_delivered",
                                             "subject_nmi_runs",
                                             "wall_s",
                                             "directory"};

}  // namespace test
