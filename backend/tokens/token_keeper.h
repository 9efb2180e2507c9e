// Keeps the book of tokens like the database, and the ledger told of what was done to them.
#ifndef ROLLCALL_BACKEND_TOKENS_TOKEN_KEEPER_H_
#define ROLLCALL_BACKEND_TOKENS_TOKEN_KEEPER_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "backend/ledger/ledger.h"
#include "backend/tokens/token_book.h"
#include "backend/tokens/token_store.h"
#include "platform/clock.h"
#include "platform/log.h"

namespace rollcall {

// The ledger's entry of an event. Its unique key is the same whenever it is made, so that it is appended once. Pure.
pb::LedgerEntry EntryOf(const TokenEvent& event);

class TokenKeeper {
 public:
  // How long a token that was revoked by a command may still be good here.
  static constexpr absl::Duration kInterval = absl::Seconds(1);

  // Opens or makes the database at `path` and reads it. Without a ledger (another process keeps it) events are left
  // for the process that does. Pointers outlive the keeper. Errors: see TokenStore::Open.
  static absl::StatusOr<std::unique_ptr<TokenKeeper>> Open(const std::string& path, const Clock* clock, Logger* logger,
                                                           Ledger* ledger);
  // Ends the thread.
  ~TokenKeeper();
  TokenKeeper(const TokenKeeper&) = delete;
  TokenKeeper& operator=(const TokenKeeper&) = delete;

  // Runs Round every kInterval in a thread of its own. Once.
  void Start();

  // One comparison: takes over what commands changed, notes which tokens were used, appends what is to be told to the
  // ledger. Not thread-safe, and not after Start. Errors are the database's or the ledger's; all that can be done in
  // spite of one is done.
  absl::Status Round();

  // Outlived by the keeper; thread-safe.
  TokenBook* book() { return &book_; }

 private:
  TokenKeeper(std::unique_ptr<TokenStore> store, const Clock* clock, Logger* logger, Ledger* ledger)
      : store_(std::move(store)), clock_(clock), logger_(logger), ledger_(ledger), book_(clock) {}

  absl::Status Compare();
  absl::Status NoteUses();
  absl::Status TellLedger();
  void Run();

  const std::unique_ptr<TokenStore> store_;
  const Clock* const clock_;
  Logger* const logger_;
  Ledger* const ledger_;
  TokenBook book_;
  std::optional<int64_t> version_;
  // The hour that is in the database for each token this process saw used.
  std::map<std::string, absl::Time> noted_;
  bool failing_ = false;
  StopSource stop_;
  std::thread thread_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_TOKENS_TOKEN_KEEPER_H_
