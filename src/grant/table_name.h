// Names of a table's rows as people write them.
#pragma once

#include <cstddef>

namespace nacre::grant {

// The name of a row with - for each _, made when the program is compiled. Ends in NUL.
template <size_t kBytes>
struct TableName {
  char text[kBytes];
  consteval explicit TableName(const char (&name)[kBytes]) {
    for (size_t i = 0; i < kBytes; ++i) text[i] = name[i] == '_' ? '-' : name[i];
  }
};

}  // namespace nacre::grant
