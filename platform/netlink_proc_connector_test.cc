#include "platform/netlink_proc_connector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>

#include <cstring>
#include <string>
#include <vector>

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Type = ProcessEvent::Type;

constexpr uint32_t kFork = 1;
constexpr uint32_t kExec = 2;
constexpr uint32_t kUid = 4;
constexpr uint32_t kExit = 0x80000000;
constexpr uint32_t kMark = 41;

template <typename T>
void Put(std::string* out, T value) {
  char bytes[sizeof(value)];
  std::memcpy(bytes, &value, sizeof(value));
  out->append(bytes, sizeof(bytes));
}

// What the kernel sends: 40 bytes of event, whatever it is.
std::string Event(uint32_t what, uint64_t at, const std::vector<uint32_t>& words) {
  std::string event;
  Put(&event, what);
  Put(&event, uint32_t{3});  // processor
  Put(&event, at);
  for (const uint32_t word : words) Put(&event, word);
  event.resize(40);
  return event;
}

std::string Message(const std::string& event, uint32_t ack = 0, uint32_t index = CN_IDX_PROC) {
  std::string message;
  Put(&message, static_cast<uint32_t>(NLMSG_HDRLEN + sizeof(cn_msg) + event.size()));
  Put(&message, uint16_t{NLMSG_DONE});
  Put(&message, uint16_t{0});
  Put(&message, uint32_t{1});
  Put(&message, uint32_t{0});
  for (const uint32_t word : {index, uint32_t{CN_VAL_PROC}, uint32_t{7}, ack}) Put(&message, word);
  Put(&message, static_cast<uint16_t>(event.size()));
  Put(&message, uint16_t{0});
  return message + event;
}

ProcessEventBatch Parse(const std::string& datagram) {
  ProcessEventBatch batch;
  ParseProcEvents(datagram, kMark, &batch);
  return batch;
}

// Runs a classic BPF program as the kernel would, over the few instructions it uses.
bool Passes(const std::vector<sock_filter>& filter, const std::string& packet) {
  uint32_t a = 0;
  uint32_t x = 0;
  for (size_t pc = 0; pc < filter.size(); ++pc) {
    const sock_filter& i = filter[pc];
    switch (i.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (i.k + 4 > packet.size()) return false;
        a = 0;
        for (size_t byte = 0; byte < 4; ++byte) a = a << 8 | static_cast<unsigned char>(packet[i.k + byte]);
        break;
      case BPF_MISC | BPF_TAX:
        x = a;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        pc += a == i.k ? i.jt : i.jf;
        break;
      case BPF_JMP | BPF_JEQ | BPF_X:
        pc += a == x ? i.jt : i.jf;
        break;
      case BPF_RET | BPF_K:
        return i.k != 0;
      default:
        ADD_FAILURE() << "instruction " << i.code;
        return false;
    }
  }
  ADD_FAILURE() << "runs over the end";
  return false;
}

TEST(ParseProcEvents, ForkExecAndExitOfProcesses) {
  const ProcessEventBatch batch =
      Parse(Message(Event(kFork, 1'000'000, {10, 10, 20, 20})) + Message(Event(kExec, 2'000'000, {20, 20})) +
            Message(Event(kExit, 3'000'000, {20, 20, 0x0700, 17})));
  EXPECT_THAT(batch.events, ElementsAre(ProcessEvent{Type::kFork, 20, absl::Milliseconds(1), 0},
                                        ProcessEvent{Type::kExec, 20, absl::Milliseconds(2), 0},
                                        ProcessEvent{Type::kExit, 20, absl::Milliseconds(3), 0x0700}));
  EXPECT_EQ(batch.malformed, 0u);
  EXPECT_FALSE(batch.answer.has_value());
}

TEST(ParseProcEvents, ThreadsAndOtherEventsArePassedOver) {
  const ProcessEventBatch batch =
      Parse(Message(Event(kFork, 1, {10, 10, 21, 20})) + Message(Event(kExit, 2, {21, 20, 0, 0})) +
            Message(Event(kUid, 3, {20, 20, 0, 0})) + Message(Event(kExec, 4, {20, 20}), 0, CN_IDX_PROC + 1));
  EXPECT_THAT(batch.events, IsEmpty());
  EXPECT_EQ(batch.malformed, 0u);
}

TEST(ParseProcEvents, OnlyTheAnswerToOurRequestIsOne) {
  EXPECT_FALSE(Parse(Message(Event(0, 0, {1}), kMark)).answer.has_value());
  EXPECT_EQ(Parse(Message(Event(0, 0, {0}), kMark + 1)).answer, 0u);
  EXPECT_EQ(Parse(Message(Event(0, 0, {1}), kMark + 1)).answer, 1u);
}

TEST(ParseProcEvents, EveryTruncationIsCountedOrCleanAndNeverRead) {
  const std::string two = Message(Event(kFork, 1, {10, 10, 20, 20})) + Message(Event(kExit, 2, {20, 20, 9, 0}));
  for (size_t size = 0; size < two.size(); ++size) {
    // On the heap at its exact size, so that reading over the end is found by the sanitizer.
    const std::vector<char> bytes(two.begin(), two.begin() + static_cast<ptrdiff_t>(size));
    ProcessEventBatch batch;
    ParseProcEvents(absl::string_view(bytes.data(), bytes.size()), kMark, &batch);
    EXPECT_EQ(batch.events.size() + batch.malformed, (size + 75) / 76) << size;
  }
}

TEST(ParseProcEvents, LengthsThatLieAreMalformed) {
  const std::string good = Message(Event(kExec, 1, {20, 20}));
  for (const uint32_t length : {0U, 1U, 15U, 77U, 0x7fffffffU, 0xffffffffU}) {
    std::string bad = good;
    std::memcpy(bad.data(), &length, sizeof(length));
    EXPECT_EQ(Parse(bad).malformed, 1u) << length;
    EXPECT_THAT(Parse(bad).events, IsEmpty());
  }
  for (const uint16_t length : {uint16_t{0}, uint16_t{23}, uint16_t{41}, uint16_t{0xffff}}) {
    std::string bad = good;
    std::memcpy(bad.data() + NLMSG_HDRLEN + 16, &length, sizeof(length));
    EXPECT_EQ(Parse(bad + good).malformed, 1u) << length;
    EXPECT_EQ(Parse(bad + good).events.size(), 1u) << "the good one after it";
  }
}

TEST(ParseProcEvents, AnExitWithoutItsStatusIsMalformed) {
  std::string event = Event(kExit, 2, {20, 20, 9, 0});
  event.resize(24);
  EXPECT_EQ(Parse(Message(event)).malformed, 1u);
}

TEST(MakeProcListenRequest, HasTheHeadersAndTheOperation) {
  const std::string request = MakeProcListenRequest(kMark);
  ASSERT_EQ(request.size(), 40u);
  nlmsghdr netlink;
  std::memcpy(&netlink, request.data(), sizeof(netlink));
  EXPECT_EQ(netlink.nlmsg_len, request.size());
  EXPECT_EQ(netlink.nlmsg_type, NLMSG_DONE);
  uint32_t words[6];
  std::memcpy(words, request.data() + NLMSG_HDRLEN, sizeof(words));
  EXPECT_THAT(words, ElementsAre(CN_IDX_PROC, CN_VAL_PROC, 0, kMark, 4, 1));
}

TEST(ProcEventFilter, LetsThroughWhatIsUsed) {
  const std::vector<sock_filter> filter = ProcEventFilter();
  EXPECT_TRUE(Passes(filter, Message(Event(0, 0, {0}), kMark + 1)));
  EXPECT_TRUE(Passes(filter, Message(Event(kFork, 1, {10, 11, 20, 20}))));
  EXPECT_FALSE(Passes(filter, Message(Event(kFork, 1, {10, 10, 21, 20})))) << "a thread";
  EXPECT_TRUE(Passes(filter, Message(Event(kExec, 1, {20, 20}))));
  EXPECT_TRUE(Passes(filter, Message(Event(kExit, 1, {20, 20, 0, 0}))));
  EXPECT_FALSE(Passes(filter, Message(Event(kExit, 1, {21, 20, 0, 0})))) << "a thread";
  for (const uint32_t other : {kUid, 0x40U, 0x80U, 0x100U, 0x200U, 0x40000000U}) {
    EXPECT_FALSE(Passes(filter, Message(Event(other, 1, {20, 20, 0, 0})))) << other;
  }
}

}  // namespace
}  // namespace rollcall
