#include "agent/spool/testing/line_runs.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace rollcall {
namespace {

uint64_t Fnv(absl::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

bool TakeLine(absl::string_view line, LineRun* run) {
  const absl::string_view rest = line.substr(1);
  const size_t equals = rest.find('=');
  switch (line[0]) {
    case '+':
    case '=':
      if (equals == absl::string_view::npos) return false;
      run->changes[std::string(rest.substr(0, equals))] = {std::string(rest.substr(equals + 1)), line[0] == '+'};
      return true;
    case '-':
      return run->gone.emplace(rest).second;
    case '!':
      return run->events.emplace(rest).second;
    case '~':
      return run->samples.emplace(rest).second;
    default:
      return false;
  }
}

// Takes `next` into `run`; false if they do not follow each other.
bool Fold(LineRun next, LineRun* run) {
  if (next.mode != LineRun::Mode::kDelta || run->mode == LineRun::Mode::kMerge || next.base != run->after) return false;
  for (const std::string& key : next.gone) {
    const auto found = run->changes.find(key);
    const bool nothing = found != run->changes.end() && found->second.created;
    if (found != run->changes.end()) run->changes.erase(found);
    if (!nothing) run->gone.insert(key);
  }
  for (auto& [key, change] : next.changes) {
    const bool was_there = run->gone.erase(key) > 0 || (run->changes.count(key) > 0 && !run->changes[key].created);
    run->changes[key] = {std::move(change.value), run->mode == LineRun::Mode::kFull || !was_there};
    if (!change.created && run->mode == LineRun::Mode::kDelta && !was_there) run->changes[key].created = false;
  }
  run->events.merge(next.events);
  run->generation = next.generation;
  run->after = next.after;
  return true;
}

}  // namespace

uint64_t DigestOf(const LineSet& set) {
  uint64_t digest = 0;
  for (const auto& [key, value] : set) digest += Fnv(absl::StrCat(key, "=", value));
  return digest;
}

std::string LineRun::Text() const {
  std::string text = absl::StrCat(std::string(1, static_cast<char>(mode)), " ", generation, " ", base, " ", after, " ",
                                  unit, " ", part, " ", last ? 1 : 0);
  for (const auto& [key, change] : changes) {
    absl::StrAppend(&text, change.created ? "\n+" : "\n=", key, "=", change.value);
  }
  for (const std::string& key : gone) absl::StrAppend(&text, "\n-", key);
  for (const std::string& event : events) absl::StrAppend(&text, "\n!", event);
  for (const std::string& sample : samples) absl::StrAppend(&text, "\n~", sample);
  return text;
}

std::optional<LineRun> LineRun::Parse(absl::string_view text) {
  LineRun run;
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  const std::vector<absl::string_view> head = absl::StrSplit(lines[0], ' ');
  if (head.size() != 7 || head[0].size() != 1 || !absl::SimpleAtoi(head[1], &run.generation) ||
      !absl::SimpleAtoi(head[2], &run.base) || !absl::SimpleAtoi(head[3], &run.after)) {
    return std::nullopt;
  }
  run.mode = static_cast<Mode>(head[0][0]);
  run.unit = std::string(head[4]);
  if (!absl::SimpleAtoi(head[5], &run.part)) return std::nullopt;
  run.last = head[6] == "1";
  for (size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].empty() || !TakeLine(lines[i], &run)) return std::nullopt;
  }
  return run;
}

LineRun LineRun::Delta(const LineSet& before, const LineSet& after) {
  LineRun run;
  run.base = DigestOf(before);
  run.after = DigestOf(after);
  for (const auto& [key, value] : after) {
    const auto old = before.find(key);
    if (old == before.end() || old->second != value) run.changes[key] = {value, old == before.end()};
  }
  for (const auto& [key, value] : before) {
    if (after.count(key) == 0) run.gone.insert(key);
  }
  return run;
}

LineRun LineRun::Full(const LineSet& set) {
  LineRun run = Delta({}, set);
  run.mode = Mode::kFull;
  return run;
}

std::vector<LineRun> LineRun::Parts(size_t max_changes) const {
  std::vector<LineRun> parts;
  size_t room = 0;
  const auto place = [&]() -> LineRun& {
    if (room == 0) {
      LineRun& part = parts.emplace_back();
      part.mode = mode;
      part.generation = generation;
      part.base = base;
      part.after = after;
      part.unit = unit;
      part.part = static_cast<uint32_t>(parts.size() - 1);
      part.last = false;
      room = max_changes;
    }
    --room;
    return parts.back();
  };
  for (const auto& [key, change] : changes) place().changes[key] = change;
  for (const std::string& key : gone) place().gone.insert(key);
  if (parts.empty()) place();
  parts.back().events = events;
  parts.back().samples = samples;
  parts.back().last = true;
  return parts;
}

void LineRun::Join(LineRun next) {
  changes.merge(next.changes);
  gone.merge(next.gone);
  events.merge(next.events);
  samples.merge(next.samples);
  part = next.part;
  last = next.last;
}

bool LineReducer::BeginsRun(const std::string& payload) const {
  const std::optional<LineRun> run = LineRun::Parse(payload);
  return run.has_value() && run->part == 0;
}

bool LineReducer::EndsRun(const std::string& payload) const {
  const std::optional<LineRun> run = LineRun::Parse(payload);
  return run.has_value() && run->last;
}

std::optional<std::vector<SpoolItem>> LineReducer::Coalesce(const std::vector<std::string>& payloads) const {
  std::optional<LineRun> all;
  std::optional<LineRun> whole;
  uint64_t last_but_one = 0;
  for (const std::string& payload : payloads) {
    std::optional<LineRun> part = LineRun::Parse(payload);
    if (!part.has_value()) return std::nullopt;
    if (whole.has_value() && part->generation == whole->generation) {
      if (part->part != whole->part + 1) return std::nullopt;
      whole->Join(*std::move(part));
    } else {
      if (part->part != 0) return std::nullopt;
      whole = std::move(part);  // one that was not whole is never applied
    }
    if (!whole->last) continue;
    if (!all.has_value()) {
      all = std::exchange(whole, std::nullopt);
      continue;
    }
    last_but_one = all->generation;
    if (!Fold(*std::exchange(whole, std::nullopt), &*all)) return std::nullopt;
  }
  if (whole.has_value()) return std::nullopt;
  if (!all.has_value() || payloads.size() < 2) return std::nullopt;
  std::vector<SpoolItem> items;
  if (!all->events.empty()) {
    LineRun rest;
    rest.mode = LineRun::Mode::kMerge;
    rest.unit = all->unit;
    rest.generation = last_but_one;
    rest.events.swap(all->events);
    items.push_back({EntryClass::kKept, rest.Text()});
  }
  all->part = 0;
  for (const LineRun& part : all->Parts(max_changes_)) items.push_back({EntryClass::kState, part.Text()});
  if (items.size() >= payloads.size()) return std::nullopt;
  return items;
}

std::vector<SpoolItem> LineReducer::Keep(const std::vector<std::string>& payloads, const std::string& last) const {
  LineRun rest;
  rest.mode = LineRun::Mode::kMerge;
  const std::optional<LineRun> place = LineRun::Parse(last);
  if (!place.has_value()) return {};
  rest.unit = place->unit;
  rest.generation = place->generation;
  for (const std::string& payload : payloads) {
    std::optional<LineRun> run = LineRun::Parse(payload);
    if (run.has_value()) rest.events.merge(run->events);
  }
  return {{EntryClass::kKept, rest.Text()}};
}

bool LineReceiver::Apply(const LineRun& part) {
  if (part.generation == 0) samples.insert(part.samples.begin(), part.samples.end());
  if (part.generation <= generation) return true;
  if (!staged.empty() && staged.begin()->second.generation != part.generation) staged.clear();
  staged.try_emplace(part.part, part);
  if (!part.last) return true;
  LineRun run;
  for (uint32_t i = 0; i < part.part; ++i) {
    const auto before = staged.find(i);
    if (before == staged.end()) return false;
    run.Join(before->second);
  }
  run.Join(part);
  run.mode = part.mode;
  run.generation = part.generation;
  run.base = part.base;
  run.after = part.after;
  staged.clear();
  return ApplyRun(run);
}

bool LineReceiver::ApplyRun(const LineRun& run) {
  if (run.mode == LineRun::Mode::kDelta && run.base != DigestOf(set)) return false;
  if (run.mode == LineRun::Mode::kFull) set.clear();
  for (const std::string& key : run.gone) set.erase(key);
  for (const auto& [key, change] : run.changes) set[key] = change.value;
  events.insert(run.events.begin(), run.events.end());
  samples.insert(run.samples.begin(), run.samples.end());
  generation = run.generation;
  return run.mode == LineRun::Mode::kMerge || DigestOf(set) == run.after;
}

}  // namespace rollcall
