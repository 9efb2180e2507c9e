// Where a data folder has its parts.
#ifndef ROLLCALL_BACKEND_BACKUP_DATA_PLACES_H_
#define ROLLCALL_BACKEND_BACKUP_DATA_PLACES_H_

#include <string>

namespace rollcall {

struct DataPlaces {
  std::string store;
  std::string lifecycle;
  std::string ledger;
  std::string ledger_key;
  std::string data_keys;
  std::string key_ring;
  std::string keks;
  std::string archive;
  // Notes of the backups that were made.
  std::string backups;
  // Taken by whoever works on buckets (turn_lock.h).
  std::string turn;
};

// Of DATA; `kek_dir` is where the key encryption keys are, DATA/keys/kek if empty. Pure.
DataPlaces PlacesIn(const std::string& data_dir, const std::string& kek_dir);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_BACKUP_DATA_PLACES_H_
