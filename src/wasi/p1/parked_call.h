// The state of a call that was parked because it would have to wait: what it waits for, and what it
// has to know when it is made once more.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "host/network.h"
#include "host/operation.h"

namespace nacre::wasi::p1 {

class ParkedCall {
 public:
  // Which function parked: each looks only for a state that it left itself.
  enum class Kind : uint8_t { transfer, receive, read_file, sync, poll, look_up };

  ParkedCall(Kind kind, std::unique_ptr<host::Operation> operation)
      : kind_(kind), operation_(std::move(operation)) {}
  virtual ~ParkedCall() = default;
  Kind kind() const { return kind_; }
  // When it is over, the call is made once more.
  host::Operation& operation() const { return *operation_; }

 private:
  Kind kind_;
  std::unique_ptr<host::Operation> operation_;
};

// A descriptor is not ready.
struct ParkedTransfer final : ParkedCall {
  static constexpr Kind kKind = Kind::transfer;
  ParkedTransfer(std::unique_ptr<host::Operation> operation, std::optional<uint64_t> its_deadline)
      : ParkedCall(kKind, std::move(operation)), deadline(its_deadline) {}
  std::optional<uint64_t> deadline;  // since the first time
};

// Part of a transfer is done already.
struct ParkedReceive final : ParkedCall {
  static constexpr Kind kKind = Kind::receive;
  ParkedReceive(std::unique_ptr<host::Operation> operation, size_t bytes)
      : ParkedCall(kKind, std::move(operation)), received_bytes(bytes) {}
  size_t received_bytes;
};

// The operation ends with an answer, which is the result of the call.
template <class T, ParkedCall::Kind kOf>
struct ParkedAnswer final : ParkedCall {
  static constexpr Kind kKind = kOf;
  explicit ParkedAnswer(std::unique_ptr<host::Answer<T>> operation)
      : ParkedCall(kKind, std::move(operation)) {}
  host::HostResult<T> take() const { return static_cast<host::Answer<T>&>(operation()).take(); }
};
using ParkedReadFile = ParkedAnswer<size_t, ParkedCall::Kind::read_file>;
using ParkedSync = ParkedAnswer<void, ParkedCall::Kind::sync>;
using ParkedLookUp = ParkedAnswer<std::vector<IpAddress>, ParkedCall::Kind::look_up>;

}  // namespace nacre::wasi::p1
