// How the values of host/ look in messages, for both ends.
#pragma once

#include "broker/wire.h"
#include "host/dir.h"
#include "host/network.h"
#include "os/channel.h"
#include "policy/call_counter.h"

namespace nacre::broker {

enum class Request : uint8_t {
#define REQUEST(name) name,
#include "broker/requests.def"
#undef REQUEST
};

// In place of the error at the front of an answer: a person is asked first, so the answer comes in
// a later message.
inline constexpr uint8_t kSomebodyIsAsked = 0xFF;

// Which request a message is, or answers.
using RequestNumber = uint32_t;
// After that an answer has its error, then the rest.
inline constexpr size_t kErrorAt = sizeof(RequestNumber);

// The beginning of an answer that is not an error.
Writer success();
// What follows the error in an answer.
Reader reader_of(const os::Channel::Message& answer);

void write(Writer& to, const host::OpenOptions& options);
host::OpenOptions read_options(Reader& from);
void write(Writer& to, const host::FileStat& stat);
host::FileStat read_stat(Reader& from);
void write(Writer& to, const host::FileTimes& times);
host::FileTimes read_times(Reader& from);
void write(Writer& to, const host::DirEntry& entry);
host::DirEntry read_entry(Reader& from);
void write(Writer& to, const policy::CallLine& line);
policy::CallLine read_call(Reader& from);
void write(Writer& to, const host::SocketPlan& plan);
// Nothing: it is not one.
std::optional<host::SocketPlan> read_plan(Reader& from);
void write(Writer& to, const IpAddress& address);
IpAddress read_address(Reader& from);
void write(Writer& to, const Endpoint& endpoint);
Endpoint read_endpoint(Reader& from);
// About how much of a message an entry takes, its name aside.
inline constexpr size_t kEntryBytes = 21;

}  // namespace nacre::broker
