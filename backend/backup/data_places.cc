#include "backend/backup/data_places.h"

namespace rollcall {

DataPlaces PlacesIn(const std::string& data_dir, const std::string& kek_dir) {
  DataPlaces places;
  places.store = data_dir + "/rollcall.db";
  places.lifecycle = data_dir + "/lifecycle.db";
  places.ledger = data_dir + "/ledger";
  places.ledger_key = data_dir + "/ledger.key";
  places.data_keys = data_dir + "/keys/data_keys.db";
  places.key_ring = data_dir + "/keys/ring";
  places.keks = kek_dir.empty() ? data_dir + "/keys/kek" : kek_dir;
  places.archive = data_dir + "/archive";
  places.backups = data_dir + "/backups";
  places.turn = data_dir + "/engine.lock";
  return places;
}

}  // namespace rollcall
