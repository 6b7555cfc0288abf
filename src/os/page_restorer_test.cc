#include "os/page_restorer.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace nacre::os {
namespace {

constexpr uint64_t kPages = 64;
constexpr uint64_t kAll = UINT64_MAX / 2;

bool resident(uint8_t* page) {
  unsigned char in_core = 0;
  return ::mincore(page, page_bytes(), &in_core) == 0 && (in_core & 1) != 0;
}

std::vector<uint8_t> some_contents() {
  std::vector<uint8_t> bytes(3 * page_bytes() + 100, 0);
  std::fill_n(bytes.begin(), page_bytes(), uint8_t{1});
  std::fill_n(bytes.begin() + 2 * static_cast<ptrdiff_t>(page_bytes()), page_bytes() + 100,
              uint8_t{3});
  return bytes;
}

// A mapping of an image with zeroes behind, and what restores it.
struct Mapped {
  explicit Mapped(Bytes contents, bool scan = true)
      : restorer(scan ? PageRestorer::create() : PageRestorer()),
        image(MemoryImage::create(contents).value()),
        expected(kPages * page_bytes(), 0) {
    reservation = Reservation::reserve(kPages * page_bytes()).value();
    EXPECT_TRUE(reservation.commit(0, kPages * page_bytes()));
    EXPECT_TRUE(reservation.map_image(0, image));
    std::copy(contents.begin(), contents.end(), expected.begin());
  }
  uint8_t* page(uint64_t index) { return reservation.data() + index * page_bytes(); }
  bool restore(uint64_t keep) {
    return restorer.restore(page(0), expected.size(), image, keep).has_value();
  }
  bool is_as_before() {
    return std::memcmp(reservation.data(), expected.data(), expected.size()) == 0;
  }

  PageRestorer restorer;
  MemoryImage image;
  Reservation reservation;
  std::vector<uint8_t> expected;
};

TEST(MemoryImage, LeavesOutZeroesAtTheEnd) {
  std::vector<uint8_t> bytes(10 * page_bytes(), 0);
  EXPECT_EQ(MemoryImage::create(bytes)->size_bytes(), 0u);
  EXPECT_EQ(MemoryImage::create({})->size_bytes(), 0u);
  bytes[5 * page_bytes()] = 7;
  auto image = MemoryImage::create(bytes);
  ASSERT_TRUE(image);
  EXPECT_EQ(image->size_bytes(), 6 * page_bytes());
  EXPECT_EQ(std::memcmp(image->data(), bytes.data(), image->size_bytes()), 0);
}

TEST(MemoryImage, FailsAndIsCountedAsAskedFor) {
  std::vector<uint8_t> bytes(page_bytes(), 1);
  FailPoint point(0);
  EXPECT_FALSE(MemoryImage::create(bytes, {.fail_point = &point}));
  AddressSpaceBudget budget(page_bytes());
  {
    auto image = MemoryImage::create(bytes, {.budget = &budget});
    ASSERT_TRUE(image);
    EXPECT_FALSE(MemoryImage::create(bytes, {.budget = &budget}));
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(PageRestorer, RestoresWhatWasWritten) {
  for (bool scan : {true, false}) {
    for (uint64_t keep : {kAll, 4 * page_bytes(), uint64_t{0}}) {
      Mapped memory(some_contents(), scan);
      for (int round = 0; round < 20; ++round) {
        // Runs and single pages, inside the image, across its end and behind it.
        for (uint64_t i = static_cast<uint64_t>(round) % 3; i < kPages; i += 1 + i % 5)
          std::memset(memory.page(i), 0xA5, page_bytes());
        EXPECT_FALSE(memory.is_as_before());
        ASSERT_TRUE(memory.restore(keep));
        ASSERT_TRUE(memory.is_as_before()) << scan << " " << keep << " " << round;
      }
    }
  }
}

TEST(PageRestorer, KeepsAtMostWhatItWasAllowedTo) {
  Mapped memory({});
  if (memory.restorer.drops()) GTEST_SKIP() << "this kernel does not tell which pages are written";
  for (uint64_t i = 0; i < 4; ++i) *memory.page(i) = 1;
  ASSERT_TRUE(memory.restore(4 * page_bytes()));
  EXPECT_TRUE(resident(memory.page(3)));
  *memory.page(4) = 1;
  ASSERT_TRUE(memory.restore(4 * page_bytes()));
  EXPECT_FALSE(resident(memory.page(3)));
  EXPECT_TRUE(memory.is_as_before());
}

// What a page holds counts, not whether it is in memory at the moment.
TEST(PageRestorer, PagesThatWereSwappedOutAreDirty) {
  Mapped memory(some_contents());
  std::memset(memory.page(0), 0xA5, kPages * page_bytes());
  // Where there is no swap this does nothing, and the test is the one above.
  ::madvise(memory.page(0), kPages * page_bytes(), MADV_PAGEOUT);
  ASSERT_TRUE(memory.restore(kAll));
  EXPECT_TRUE(memory.is_as_before());
}

TEST(PageRestorer, SystemCallsWriteAsWell) {
  Mapped memory(some_contents());
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  ASSERT_EQ(::write(pipe_ends[1], "secret", 6), 6);
  ASSERT_EQ(::read(pipe_ends[0], memory.page(1), 6), 6);
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
  EXPECT_FALSE(memory.is_as_before());
  ASSERT_TRUE(memory.restore(kAll));
  EXPECT_TRUE(memory.is_as_before());
}

// The file that tells about pages is of the parent and must not be believed in a child.
TEST(PageRestorer, AForkedChildDropsInstead) {
  Mapped memory(some_contents());
  pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::memset(memory.page(0), 0xA5, kPages * page_bytes());
    bool right = memory.restorer.drops() && memory.restore(kAll) && memory.is_as_before();
    ::_exit(right ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(Reservation, DecommittedBytesAreGone) {
  Mapped memory(some_contents());
  std::memset(memory.page(0), 0xA5, kPages * page_bytes());
  ASSERT_TRUE(memory.reservation.decommit(page_bytes(), 62 * page_bytes()));
  EXPECT_FALSE(memory.reservation.decommit(page_bytes(), 64 * page_bytes()));
  EXPECT_EQ(*memory.page(0), 0xA5);
  EXPECT_EQ(*memory.page(63), 0xA5);
  ASSERT_TRUE(memory.reservation.commit(0, kPages * page_bytes()));
  EXPECT_EQ(*memory.page(1), 0);
  EXPECT_EQ(*memory.page(62), 0);
  EXPECT_EQ(*memory.page(63), 0xA5);
}

TEST(ReservationStock, GivesAddressSpaceAgainWithoutItsContents) {
  AddressSpaceBudget budget(64 * page_bytes());
  {
    ReservationStock stock;
    MappingContext context{.budget = &budget, .stock = &stock};
    uint8_t* first = nullptr;
    {
      auto reservation = Reservation::reserve(8 * page_bytes(), context);
      ASSERT_TRUE(reservation);
      first = reservation->data();
      ASSERT_TRUE(reservation->commit(0, 8 * page_bytes()));
      std::memset(first, 0xA5, 8 * page_bytes());
    }
    EXPECT_EQ(stock.size_bytes(), 8 * page_bytes());
    EXPECT_EQ(budget.used_bytes(), 8 * page_bytes());
    EXPECT_NE(Reservation::reserve(4 * page_bytes(), context)->data(), first);
    auto again = Reservation::reserve(8 * page_bytes(), context);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->data(), first);
    ASSERT_TRUE(again->commit(0, 8 * page_bytes()));
    EXPECT_TRUE(std::all_of(first, first + 8 * page_bytes(), [](uint8_t b) { return b == 0; }));
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(ReservationStock, KeepsTheNewestOnly) {
  AddressSpaceBudget budget(1000 * page_bytes());
  ReservationStock stock;
  MappingContext context{.budget = &budget, .stock = &stock};
  for (uint64_t pages = 1; pages <= 10; ++pages)
    ASSERT_TRUE(Reservation::reserve(pages * page_bytes(), context));
  EXPECT_EQ(stock.size_bytes(), (7 + 8 + 9 + 10) * page_bytes());
  EXPECT_EQ(budget.used_bytes(), stock.size_bytes());
}

}  // namespace
}  // namespace nacre::os
