// For tests: every call that may wait parks its guest (EngineOptions::park_waits). The host
// function then runs on another thread while its guest is parked, and that thread resumes the
// guest. So all tests of host functions and real programs test parking too.
//
// Differences: time limits do not end what the host function waits for, and calls that it makes
// back into the guest are not nested ones.
#pragma once

#include "abi/host_func.h"

namespace nacre::runtime {

class Store;

// The same function, changed so that it parks the guest that calls it where that is possible.
abi::HostFunc parking(Store& store, abi::HostFunc original);

// Calls a function as enter() in func.cc does; other threads finish what it waits for. Only while
// no guest is running in the store.
abi::Outcome call_parking(Store& store, abi::FuncObject& func, abi::Value* values);

}  // namespace nacre::runtime
