// Hands bytes over to the caller of a C function.
#pragma once

#include "base/bytes.h"
#include "nacre/nacre.h"

namespace nacre::api {

// Copies; fails if there is no memory for that.
nacre_error_t* give_bytes(Bytes bytes, nacre_bytes_t* out);

}  // namespace nacre::api
