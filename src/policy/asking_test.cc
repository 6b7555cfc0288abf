// Standard input that is still to be asked about, where it is a file.
#include "policy/asking.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

namespace nacre::policy {
namespace {

using host::Errno;

class CountingGate final : public grant::Gate {
 public:
  explicit CountingGate(grant::Decision decision) : decision_(decision) {}
  grant::Decision may(const grant::Request& request) override {
    EXPECT_EQ(request.kind, grant::Kind::stdin);
    ++asked;
    return decision_;
  }
  bool watches(std::string_view) override { return false; }
  int asked = 0;

 private:
  grant::Decision decision_;
};

struct AskedInput {
  explicit AskedInput(grant::Decision decision) : gate(std::make_shared<CountingGate>(decision)) {
    std::fputs("0123456789", file.get());
    std::fflush(file.get());
    std::rewind(file.get());
    stream = asking_input(host::make_real_stream(*os::duplicate(fileno(file.get()))), gate);
  }
  host::HostResult<size_t> read_at(uint64_t offset) {
    MutableBytes to(bytes);
    return stream->read_at(std::span(&to, 1), offset);
  }

  std::unique_ptr<FILE, decltype(&std::fclose)> file{std::tmpfile(), &std::fclose};
  std::shared_ptr<CountingGate> gate;
  std::shared_ptr<host::Stream> stream;
  std::array<uint8_t, 4> bytes{};
};

TEST(AskingInput, IsTheFileOnceItIsAllowed) {
  AskedInput input(grant::Decision::allow);
  EXPECT_TRUE(input.stream->seekable());
  EXPECT_EQ(*input.stream->seek(0, SEEK_CUR), 0u);
  EXPECT_EQ(input.gate->asked, 0) << "where it is, changes nothing";
  EXPECT_EQ(*input.read_at(3), 4u);
  EXPECT_EQ(input.bytes[0], '3');
  EXPECT_EQ(*input.stream->seek(-1, SEEK_END), 9u);
  EXPECT_EQ(input.gate->asked, 1);
}

TEST(AskingInput, IsNothingWhereItIsRefused) {
  AskedInput input(grant::Decision::deny);
  EXPECT_EQ(input.read_at(0).error(), Errno::no_capability);
  EXPECT_EQ(input.stream->seek(5, SEEK_SET).error(), Errno::no_capability);
  EXPECT_EQ(input.stream->advise(0, 0, host::Advice::normal).error(), Errno::no_capability);
  EXPECT_EQ(*input.stream->seek(0, SEEK_CUR), 0u);
}

TEST(AskingInput, IsNeverWritten) {
  AskedInput input(grant::Decision::allow);
  const uint8_t byte = 'x';
  Bytes from(&byte, 1);
  EXPECT_EQ(input.stream->write(std::span(&from, 1)).error(), Errno::badf);
  EXPECT_EQ(input.stream->write_at(std::span(&from, 1), 0).error(), Errno::badf);
  EXPECT_EQ(input.stream->append(std::span(&from, 1)).error(), Errno::badf);
  EXPECT_FALSE(input.stream->set_size(0).has_value());
  EXPECT_FALSE(input.stream->allocate(0, 100).has_value());
  EXPECT_FALSE(input.stream->set_times({.access_now = true}).has_value());
  EXPECT_EQ(input.stream->stat()->size_bytes, 10u);
}

}  // namespace
}  // namespace nacre::policy
