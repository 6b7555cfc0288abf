// For tests: every call that may wait parks its guest (EngineOptions::park_waits). What a host
// function did in place before, it does on another thread while its guest is parked, and that
// thread resumes the guest. So whatever waits is tested with everything that tests of host
// functions do, in the middle of real programs.
//
// Time limits do not end what the host function waits for there, and calls that it makes back into
// the guest are no nested ones.
#pragma once

#include "abi/host_func.h"

namespace nacre::runtime {

class Store;

// The function, made so that it parks whoever calls it where that can be.
abi::HostFunc parking(Store& store, abi::HostFunc original);

// Calls a function as enter() in func.cc does, and finishes what it waits for on other threads.
// While no guest is running in the store.
abi::Outcome call_parking(Store& store, abi::FuncObject& func, abi::Value* values);

}  // namespace nacre::runtime
