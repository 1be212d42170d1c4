#pragma once
// libsolv's C headers, made fit for C++20: struct s_Solvable has a member called `requires`. No
// layout changes with its name.

#define requires solv_requires
extern "C" {
#include <solv/chksum.h>
#include <solv/dataiterator.h>
#include <solv/evr.h>
#include <solv/knownid.h>
#include <solv/pool.h>
#include <solv/repo.h>
#include <solv/repo_repomdxml.h>
#include <solv/repo_rpmmd.h>
#include <solv/solv_xfopen.h>
}
#undef requires
