#include "backend/tokens/token_keeper.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "backend/pki/peer_identity.h"
#include "platform/sha256.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

absl::Time HourOf(absl::Time time) { return absl::FromUnixSeconds(absl::ToUnixSeconds(time) / 3600 * 3600); }

}  // namespace

pb::LedgerEntry EntryOf(const TokenEvent& event) {
  const bool revoked = event.what == TokenEvent::What::kRevoked;
  pb::LedgerEntry entry;
  *entry.mutable_at() = ToWire(event.at);
  entry.set_actor("administrator");
  entry.set_unique_key(absl::HexStringToBytes(
      Sha256Hex(absl::StrCat("rollcall token v1\n", event.token.id, revoked ? " revoked" : " made"))));
  pb::LedgerEntry::TokenChanged* changed = entry.mutable_token_changed();
  changed->set_kind(revoked ? pb::LedgerEntry::TokenChanged::REVOKED : pb::LedgerEntry::TokenChanged::MADE);
  changed->set_token_id(event.token.id);
  changed->set_holder(absl::StrCat("operator/", event.token.person));
  for (const std::string& uri : event.token.identities) {
    const absl::StatusOr<PeerIdentity> identity = ParseIdentityUri(uri);
    if (!identity.ok()) continue;
    pb::LedgerEntry::TokenChanged::Right* right = changed->add_rights();
    right->set_tenant(identity->tenant);
    right->set_role(std::string(PeerRoleName(identity->role)));
  }
  *changed->mutable_ends_at() = ToWire(event.token.ends_at);
  return entry;
}

absl::StatusOr<std::unique_ptr<TokenKeeper>> TokenKeeper::Open(const std::string& path, const Clock* clock,
                                                               Logger* logger, Ledger* ledger) {
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<TokenStore> store, TokenStore::Open(path));
  std::unique_ptr<TokenKeeper> keeper(new TokenKeeper(std::move(store), clock, logger, ledger));
  ROLLCALL_RETURN_IF_ERROR(keeper->Compare());
  return keeper;
}

TokenKeeper::~TokenKeeper() {
  stop_.RequestStop();
  if (thread_.joinable()) thread_.join();
}

void TokenKeeper::Start() {
  thread_ = std::thread([this] { Run(); });
}

void TokenKeeper::Run() {
  const StopToken stop = stop_.token();
  do {
    const absl::Status status = Round();
    if (status.ok() == failing_) {
      if (failing_) logger_->Info("tokens.well", "Tokens are read and told to the ledger again");
      if (!failing_) {
        logger_->Error("tokens.failed", "Tokens cannot be kept like the database or told to the ledger",
                       {{"error", status}});
      }
    }
    failing_ = !status.ok();
  } while (clock_->WaitFor(kInterval, stop));
  NoteUses().IgnoreError();
}

absl::Status TokenKeeper::Round() {
  absl::Status status = Compare();
  status.Update(NoteUses());
  status.Update(TellLedger());
  return status;
}

absl::Status TokenKeeper::Compare() {
  ROLLCALL_ASSIGN_OR_RETURN(const int64_t version, store_->Version());
  if (version_ == version) {
    book_.Confirm();
    return absl::OkStatus();
  }
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<TokenRow> rows, store_->List());
  book_.Replace(std::move(rows));
  // As it was before the list was read: what was changed in between is read in the next round.
  version_ = version;
  return absl::OkStatus();
}

absl::Status TokenKeeper::NoteUses() {
  std::map<std::string, absl::Time> fresh;
  for (const auto& [id, time] : book_.TakeUses()) {
    const auto it = noted_.find(id);
    if (it == noted_.end() || it->second < HourOf(time)) fresh[id] = time;
  }
  if (fresh.empty()) return absl::OkStatus();
  ROLLCALL_RETURN_IF_ERROR(store_->NoteUses(fresh));
  for (const auto& [id, time] : fresh) noted_[id] = HourOf(time);
  return absl::OkStatus();
}

absl::Status TokenKeeper::TellLedger() {
  if (ledger_ == nullptr) return absl::OkStatus();
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<TokenEvent> events, store_->PendingEvents());
  for (const TokenEvent& event : events) {
    ROLLCALL_RETURN_IF_ERROR(ledger_->Append(EntryOf(event)).status());
    ROLLCALL_RETURN_IF_ERROR(store_->ForgetEvent(event.sequence));
  }
  return absl::OkStatus();
}

}  // namespace rollcall
