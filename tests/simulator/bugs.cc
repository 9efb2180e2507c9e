#include "tests/simulator/bugs.h"

#include <algorithm>

#include "platform/sha256.h"
#include "tests/simulator/calendar_file.h"

namespace rollcall::simulator {
namespace {

v1::CategoryRules* RulesOf(pb::Category category, pb::Policy* policy) {
  for (pb::CategoryRules& rules : *policy->mutable_categories()) {
    if (rules.category() == category) return &rules;
  }
  return nullptr;
}

// The rule for what is to be done after the end.
pb::RetainRule* AfterTheEnd(pb::Category category, pb::Policy* policy) {
  for (pb::RetainRule& rule : *RulesOf(category, policy)->mutable_retain()) {
    if (rule.trigger() == pb::RetainRule::TERMINATED) return &rule;
  }
  return nullptr;
}

void MisreadAssets(Bug bug, pb::Policy* policy) {
  pb::RetainRule* rule = AfterTheEnd(pb::ASSET_BASIC, policy);
  // Of T + 30 days and c + 180 days the later.
  pb::Expression::Choice* both = rule->mutable_last_day()->mutable_max();
  if (bug == Bug::kSixMonths) {
    both->mutable_of(1)->mutable_sum()->clear_days();
    both->mutable_of(1)->mutable_sum()->set_months(6);
  }
  if (bug == Bug::kTwentyNineDays) both->mutable_of(0)->mutable_sum()->set_days(29);
  if (bug == Bug::kNoMinimum) both->mutable_of()->DeleteSubrange(1, 1);
  if (bug == Bug::kMinimumOnly) both->mutable_of()->DeleteSubrange(0, 1);
  if (bug == Bug::kFeatureEndsAssets) rule->set_scope(pb::HOSTING_OR_FEATURE);
  if (bug == Bug::kEarlierOfBoth) {
    const pb::Expression::Choice copy = *both;
    *rule->mutable_last_day()->mutable_min() = copy;
  }
  if (bug == Bug::kRequestBreaksTheMinimum) {
    RulesOf(pb::ASSET_BASIC, policy)
        ->mutable_on_request(0)
        ->mutable_not_before()
        ->set_anchor(pb::Expression::REQUESTED);
  }
}

void MisreadSettings(Bug bug, pb::Policy* policy) {
  pb::CategoryRules* rules = RulesOf(pb::CONSOLE_CONFIG, policy);
  if (bug == Bug::kMonthOfThirtyDays) {
    AfterTheEnd(pb::CONSOLE_CONFIG, policy)->mutable_last_day()->mutable_sum()->set_days(30);
  }
  if (bug == Bug::kWorkingDaysAreDays) {
    rules->mutable_on_request(0)->mutable_not_after()->mutable_sum()->set_days(30);
  }
  if (bug == Bug::kSettingsInTheArchive) {
    *rules->mutable_archives() = RulesOf(pb::ASSET_BASIC, policy)->archives();
  }
}

// The store, with what is left as it is.
class StoreAsItIs : public BucketStore {
 public:
  explicit StoreAsItIs(BucketStore* real) : real_(real) {}
  absl::StatusOr<BucketPage> ListBuckets(absl::string_view tenant, absl::TimeZone zone, absl::string_view cursor,
                                         size_t limit) override {
    return real_->ListBuckets(tenant, zone, cursor, limit);
  }
  absl::StatusOr<BucketRowPage> ScanBucket(const BucketRef& bucket, absl::string_view cursor, size_t limit,
                                           RowContent content) override {
    return real_->ScanBucket(bucket, cursor, limit, content);
  }
  absl::StatusOr<BucketSummary> CountBucket(const BucketRef& bucket) override { return real_->CountBucket(bucket); }
  absl::Status RaiseFence(absl::string_view tenant, uint64_t fence) override {
    return real_->RaiseFence(tenant, fence);
  }
  absl::StatusOr<DeleteOutcome> DeleteRows(const BucketRef& bucket, uint64_t fence, absl::Span<const BucketRow> rows,
                                           absl::FunctionRef<bool()> go_on) override {
    return real_->DeleteRows(bucket, fence, rows, go_on);
  }
  absl::StatusOr<uint64_t> DropStaged(const BucketRef& bucket, uint64_t fence) override {
    return real_->DropStaged(bucket, fence);
  }
  absl::StatusOr<RestoreOutcome> RestoreRows(const BucketRef& bucket, uint64_t fence,
                                             absl::Span<const BucketRow> rows) override {
    return real_->RestoreRows(bucket, fence, rows);
  }
  absl::Status EraseResidue(const StopToken& stop) override { return real_->EraseResidue(stop); }

 protected:
  // As if all rows were gone.
  static DeleteOutcome Claim(absl::Span<const BucketRow> rows) {
    DeleteOutcome outcome;
    outcome.handled = outcome.deleted = rows.size();
    return outcome;
  }
  BucketStore* const real_;
};

class StoreThatListsWrongly : public StoreAsItIs {
 public:
  StoreThatListsWrongly(Bug bug, BucketStore* real) : StoreAsItIs(real), bug_(bug) {}

  absl::StatusOr<BucketPage> ListBuckets(absl::string_view tenant, absl::TimeZone zone, absl::string_view cursor,
                                         size_t limit) override {
    absl::StatusOr<BucketPage> page = real_->ListBuckets(tenant, zone, cursor, limit);
    if (!page.ok()) return page;
    std::erase_if(page->buckets, [this](const BucketSummary& bucket) { return Hides(bucket.key); });
    if (bug_ == Bug::kStoreHidesLateRows) Remember(*page);
    return page;
  }
  absl::StatusOr<BucketSummary> CountBucket(const BucketRef& bucket) override {
    if (bug_ != Bug::kStoreSaysItIsEmpty) return real_->CountBucket(bucket);
    BucketSummary nothing;
    nothing.key = bucket.key;
    return nothing;
  }
  absl::StatusOr<DeleteOutcome> DeleteRows(const BucketRef& bucket, uint64_t fence, absl::Span<const BucketRow> rows,
                                           absl::FunctionRef<bool()> go_on) override {
    if (bug_ == Bug::kStoreSaysItIsEmpty) return Claim(rows);
    return real_->DeleteRows(bucket, fence, rows, go_on);
  }

 private:
  using Name = std::pair<std::string, std::pair<int, absl::CivilDay>>;
  static Name NameOf(const BucketKey& key) {
    return {key.hosting_service, {static_cast<int>(key.category), key.collected_day}};
  }
  bool Hides(const BucketKey& key) const {
    if (bug_ == Bug::kStoreHidesBuckets) return (key.collected_day - absl::CivilDay()) % 7 == 3;
    return bug_ == Bug::kStoreHidesLateRows && emptied_.count(NameOf(key)) > 0;
  }
  // Buckets that were there and are not are never listed again.
  void Remember(const BucketPage& page) {
    std::set<Name> there;
    for (const BucketSummary& bucket : page.buckets) there.insert(NameOf(bucket.key));
    for (const Name& name : seen_) {
      if (there.count(name) == 0) emptied_.insert(name);
    }
    seen_ = std::move(there);
  }

  const Bug bug_;
  std::set<Name> seen_;
  std::set<Name> emptied_;
};

class StoreThatChangesWrongly : public StoreAsItIs {
 public:
  StoreThatChangesWrongly(Bug bug, BucketStore* real) : StoreAsItIs(real), bug_(bug) {}

  absl::Status RaiseFence(absl::string_view tenant, uint64_t fence) override {
    if (bug_ == Bug::kStoreIgnoresTheFence) return absl::OkStatus();
    return real_->RaiseFence(tenant, fence);
  }
  absl::StatusOr<DeleteOutcome> DeleteRows(const BucketRef& bucket, uint64_t fence, absl::Span<const BucketRow> rows,
                                           absl::FunctionRef<bool()> go_on) override {
    if (bug_ == Bug::kStoreKeepsARow && !rows.empty()) {
      const auto deleted = real_->DeleteRows(bucket, fence, rows.subspan(1), [] { return true; });
      return deleted.ok() ? absl::StatusOr<DeleteOutcome>(Claim(rows)) : deleted;
    }
    if (bug_ == Bug::kStoreErasesNoPart) {
      const auto there = real_->CountBucket(bucket);
      if (there.ok() && there->records > rows.size()) return Claim(rows);
    }
    BucketRef also = bucket;
    if (bug_ == Bug::kStoreDeletesTheNextDay) ++also.key.collected_day;
    if (bug_ == Bug::kStoreDeletesTheNextDay || bug_ == Bug::kStoreErasesTooWidely) {
      const auto page = real_->ScanBucket(also, "", kMaxBucketRows, RowContent::kFacts);
      if (page.ok()) real_->DeleteRows(also, fence, page->rows, [] { return true; }).IgnoreError();
    }
    return real_->DeleteRows(bucket, fence, rows, go_on);
  }
  absl::StatusOr<RestoreOutcome> RestoreRows(const BucketRef& bucket, uint64_t fence,
                                             absl::Span<const BucketRow> rows) override {
    if (bug_ != Bug::kStoreDropsARestoredRow || rows.empty()) return real_->RestoreRows(bucket, fence, rows);
    absl::StatusOr<RestoreOutcome> outcome = real_->RestoreRows(bucket, fence, rows.subspan(1));
    if (outcome.ok()) ++outcome->present;
    return outcome;
  }

 private:
  const Bug bug_;
};

// All records but the last.
class AllButTheLast : public RecordSource {
 public:
  explicit AllButTheLast(RecordSource* real) : real_(real) {}
  absl::StatusOr<std::optional<SourceRecord>> Next() override {
    if (!started_) {
      started_ = true;
      const absl::Status first = Hold();
      if (!first.ok()) return first;
    }
    given_ = std::move(held_);
    const absl::Status next = Hold();
    if (!next.ok()) return next;
    if (!has_) return std::optional<SourceRecord>();
    return SourceRecord{given_, given_at_};
  }

 private:
  // What the source gives lives until it is asked again.
  absl::Status Hold() {
    given_at_ = held_at_;
    const absl::StatusOr<std::optional<SourceRecord>> record = real_->Next();
    if (!record.ok()) return record.status();
    has_ = record->has_value();
    if (!has_) return absl::OkStatus();
    held_ = std::string((*record)->bytes);
    held_at_ = (*record)->collected_at;
    return absl::OkStatus();
  }

  RecordSource* const real_;
  bool started_ = false;
  bool has_ = false;
  std::string held_;
  std::string given_;
  absl::Time held_at_;
  absl::Time given_at_;
};

class ArchiveThatErrs : public Archive {
 public:
  ArchiveThatErrs(Bug bug, Archive* real) : bug_(bug), real_(real) {}

  absl::StatusOr<ObjectSummary> Put(const ArchiveJob& job, const RetentionPolicy& policy,
                                    RecordSource* records) override {
    AllButTheLast fewer(records);
    if (bug_ == Bug::kArchiveDropsARecord) records = &fewer;
    absl::StatusOr<ObjectSummary> put = real_->Put(job, policy, records);
    if (!put.ok()) return put;
    newest_[job.bucket.SerializeAsString()] = put->sha256;
    if (bug_ == Bug::kArchiveLosesAnObject) LoseTheLast(job.bucket, put->sha256);
    if (bug_ == Bug::kArchiveVerifiesNothing && ++puts_ % 3 == 0) {
      real_->DeleteVersion(job.bucket, put->sha256).IgnoreError();
      unreadable_[put->sha256] = *put;
    }
    return put;
  }
  absl::StatusOr<ObjectSummary> Verify(const pb::BucketName& bucket, absl::string_view sha256,
                                       const StopToken& stop) override {
    const auto it = unreadable_.find(std::string(sha256));
    return it != unreadable_.end() ? it->second : real_->Verify(bucket, sha256, stop);
  }
  absl::StatusOr<ObjectSummary> Read(const pb::BucketName& bucket, absl::string_view sha256,
                                     const RecordSink& sink) override {
    const auto it = unreadable_.find(std::string(sha256));
    return it != unreadable_.end() ? it->second : real_->Read(bucket, sha256, sink);
  }
  absl::StatusOr<ArchiveListing> List(const pb::BucketName& bucket) override {
    absl::StatusOr<ArchiveListing> listing = real_->List(bucket);
    if (!listing.ok()) return listing;
    const std::string name = bucket.SerializeAsString();
    if (bug_ == Bug::kArchiveDeletesNothing && deleted_.count(name) > 0) return ArchiveListing();
    if (bug_ == Bug::kArchiveKeepsOldVersions) {
      std::erase_if(listing->versions, [&](const ListedObject& o) { return o.sha256 != newest_[name]; });
    }
    return listing;
  }
  absl::Status RemoveUploads(const pb::BucketName& bucket) override { return real_->RemoveUploads(bucket); }
  absl::Status DeleteVersion(const pb::BucketName& bucket, absl::string_view sha256) override {
    if (bug_ == Bug::kArchiveKeepsOldVersions) return absl::OkStatus();
    return real_->DeleteVersion(bucket, sha256);
  }
  absl::StatusOr<ArchiveDeletion> Delete(const pb::BucketName& bucket) override {
    const std::string name = bucket.SerializeAsString();
    if (bug_ == Bug::kArchiveDeletesNothing) {
      deleted_.insert(name);
      return ArchiveDeletion();
    }
    if (bug_ == Bug::kArchiveKeepsOldVersions) {
      const absl::Status deleted = real_->DeleteVersion(bucket, newest_[name]);
      newest_[name].clear();
      return deleted.ok() ? absl::StatusOr<ArchiveDeletion>(ArchiveDeletion()) : deleted;
    }
    return real_->Delete(bucket);
  }

 private:
  // An object is gone once a few others were written.
  void LoseTheLast(const pb::BucketName& bucket, const std::string& sha256) {
    if (++puts_ % 5 != 0) return;
    if (!doomed_.sha256.empty()) real_->DeleteVersion(doomed_.bucket, doomed_.sha256).IgnoreError();
    doomed_ = {bucket, sha256};
  }

  struct Object {
    pb::BucketName bucket;
    std::string sha256;
  };
  const Bug bug_;
  Archive* const real_;
  int puts_ = 0;
  Object doomed_;
  std::map<std::string, std::string> newest_;
  std::map<std::string, ObjectSummary> unreadable_;
  std::set<std::string> deleted_;
};

}  // namespace

const std::vector<NamedBug>& AllBugs() {
  static const std::vector<NamedBug>* const bugs = new std::vector<NamedBug>{
      {Bug::kStoreKeepsARow, "store-keeps-a-row"},
      {Bug::kStoreSaysItIsEmpty, "store-says-it-is-empty"},
      {Bug::kStoreDeletesTheNextDay, "store-deletes-the-next-day"},
      {Bug::kStoreDropsARestoredRow, "store-drops-a-restored-row"},
      {Bug::kStoreHidesBuckets, "store-hides-buckets"},
      {Bug::kStoreHidesLateRows, "store-hides-late-rows"},
      {Bug::kStoreErasesTooWidely, "store-erases-too-widely"},
      {Bug::kStoreErasesNoPart, "store-erases-no-part"},
      {Bug::kStoreIgnoresTheFence, "store-ignores-the-fence"},
      {Bug::kArchiveLosesAnObject, "archive-loses-an-object"},
      {Bug::kArchiveVerifiesNothing, "archive-verifies-nothing"},
      {Bug::kArchiveKeepsOldVersions, "archive-keeps-old-versions"},
      {Bug::kArchiveDeletesNothing, "archive-deletes-nothing"},
      {Bug::kArchiveDropsARecord, "archive-drops-a-record"},
      {Bug::kClockADayAhead, "clock-a-day-ahead"},
      {Bug::kClockADayBehind, "clock-a-day-behind"},
      {Bug::kEndIsForgotten, "end-is-forgotten"},
      {Bug::kStayIsForgotten, "stay-is-forgotten"},
      {Bug::kReturnIsForgotten, "return-is-forgotten"},
      {Bug::kHoldIsForgotten, "hold-is-forgotten"},
      {Bug::kReleaseIsForgotten, "release-is-forgotten"},
      {Bug::kRequestIsForgotten, "request-is-forgotten"},
      {Bug::kTakenBackIsForgotten, "taken-back-is-forgotten"},
      {Bug::kSixMonths, "six-months"},
      {Bug::kNoMinimum, "no-minimum"},
      {Bug::kMinimumOnly, "minimum-only"},
      {Bug::kEarlierOfBoth, "earlier-of-both"},
      {Bug::kTwentyNineDays, "twenty-nine-days"},
      {Bug::kMonthOfThirtyDays, "month-of-thirty-days"},
      {Bug::kNoMakeUpDays, "no-make-up-days"},
      {Bug::kWorkingDaysAreDays, "working-days-are-days"},
      {Bug::kNoCoolingOff, "no-cooling-off"},
      {Bug::kFeatureEndsAssets, "feature-ends-assets"},
      {Bug::kRequestBreaksTheMinimum, "request-breaks-the-minimum"},
      {Bug::kWeekToPurge, "week-to-purge"},
      {Bug::kOtherZone, "other-zone"},
      {Bug::kSettingsInTheArchive, "settings-in-the-archive"},
      {Bug::kKeysComeBack, "keys-come-back"},
      {Bug::kCertificatesAreLost, "certificates-are-lost"},
  };
  return *bugs;
}

bool FindBug(const std::string& name, Bug* bug) {
  const auto it =
      std::find_if(AllBugs().begin(), AllBugs().end(), [&](const NamedBug& known) { return known.name == name; });
  *bug = it == AllBugs().end() ? Bug::kNone : it->bug;
  return it != AllBugs().end();
}

absl::StatusOr<RetentionPolicy> Misread(RetentionPolicy policy, Bug bug) {
  const std::string before = policy.data.SerializeAsString();
  MisreadAssets(bug, &policy.data);
  MisreadSettings(bug, &policy.data);
  if (bug == Bug::kNoCoolingOff) policy.data.mutable_service_levels()->set_cooling_off_hours(0);
  if (bug == Bug::kWeekToPurge) policy.data.set_purge_window_days(7);
  if (bug == Bug::kOtherZone) {
    policy.data.set_zone("Asia/Shanghai");
    if (!absl::LoadTimeZone(policy.data.zone(), &policy.zone)) return absl::NotFoundError("find zone Asia/Shanghai");
  }
  if (bug == Bug::kNoMakeUpDays) {
    absl::StatusOr<pb::WorkingDayCalendar> calendar = LoadCalendarFile();
    if (!calendar.ok()) return calendar.status();
    for (pb::WorkingDayCalendar::Year& year : *calendar->mutable_years()) year.clear_make_up_days();
    absl::StatusOr<WorkingDays> days = WorkingDays::From(*calendar);
    if (!days.ok()) return days.status();
    policy.calendar = *std::move(days);
  }
  // Other rules have another hash.
  if (policy.data.SerializeAsString() != before) policy.hash = Sha256Hex(policy.data.SerializeAsString());
  return policy;
}

std::unique_ptr<BucketStore> FaultyStoreOf(Bug bug, BucketStore* real) {
  switch (bug) {
    case Bug::kStoreSaysItIsEmpty:
    case Bug::kStoreHidesBuckets:
    case Bug::kStoreHidesLateRows:
      return std::make_unique<StoreThatListsWrongly>(bug, real);
    case Bug::kStoreKeepsARow:
    case Bug::kStoreDeletesTheNextDay:
    case Bug::kStoreDropsARestoredRow:
    case Bug::kStoreErasesTooWidely:
    case Bug::kStoreErasesNoPart:
    case Bug::kStoreIgnoresTheFence:
      return std::make_unique<StoreThatChangesWrongly>(bug, real);
    default:
      return nullptr;
  }
}

std::unique_ptr<Archive> FaultyArchiveOf(Bug bug, Archive* real) {
  if (bug < Bug::kArchiveLosesAnObject || bug > Bug::kArchiveDropsARecord) return nullptr;
  return std::make_unique<ArchiveThatErrs>(bug, real);
}

}  // namespace rollcall::simulator
