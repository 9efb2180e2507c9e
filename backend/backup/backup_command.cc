#include "backend/backup/backup_command.h"

#include <functional>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "backend/backup/backup_restorer.h"
#include "backend/backup/backup_writer.h"
#include "backend/backup/data_places.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

std::string TimeText(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

std::function<void(absl::string_view)> SayOn(std::ostream& out) {
  return [&out](absl::string_view what) { out << what << std::endl; };
}

void SayRestored(const RestoreReport& report, bool newer_ledger, std::ostream& out) {
  out << "restored backup " << report.backup_id << " of " << TimeText(report.taken_at) << ": " << report.records
      << " records in " << report.buckets << " buckets, " << report.objects << " objects of the archive\n";
  if (report.unreadable_buckets + report.unreadable_objects > 0) {
    out << "left out, since their keys are gone: " << report.unreadable_buckets << " buckets, "
        << report.unreadable_objects << " objects of the archive\n";
  }
  out << "deletions replayed since the backup: " << report.tombstones
      << "; keys destroyed here: " << report.destroyed_keys << '\n';
  if (!newer_ledger) {
    out << "what was decided after the backup is not known: give the ledger that survived with --ledger if there is "
           "one, or enter holds, requests and ends anew\n";
  }
  if (!report.news.empty()) out << "to be entered anew before anything is acknowledged:\n";
  for (const std::string& line : report.news) out << "  " << line << '\n';
  out << "nothing is purged until a dry run is acknowledged again\n";
}

}  // namespace

absl::Status RunBackup(const BackupSettings& settings, const BackupCommandOptions& options,
                       const RetentionPolicy& policy, const Clock& clock, std::ostream& out, std::ostream& progress) {
  BackupOptions backup;
  backup.from = PlacesIn(settings.data_dir, settings.key_folder);
  backup.to = options.to;
  backup.region = settings.region;
  backup.ledger_name = settings.ledger_name;
  backup.keep = absl::Hours(24) * options.keep_days;
  backup.wait = absl::Minutes(options.wait_minutes);
  backup.progress = SayOn(progress);
  ROLLCALL_ASSIGN_OR_RETURN(const BackupReport report, WriteBackup(backup, policy, &clock));
  out << "made backup " << report.backup_id << ": " << report.records << " records in " << report.buckets
      << " buckets, " << report.objects << " objects of the archive, " << report.ledger_entries
      << " entries of the ledger, " << report.bytes << " bytes\n";
  if (report.purged_buckets > 0) {
    out << "left out: " << report.purged_buckets << " buckets that were purged, whose rows came late\n";
  }
  out << "remove it by " << TimeText(clock.Now() + backup.keep) << '\n';
  return absl::OkStatus();
}

absl::Status RunRestore(const BackupSettings& settings, const RestoreCommandOptions& options,
                        const RetentionPolicy& policy, const Clock& clock, std::ostream& out, std::ostream& progress) {
  RestoreOptions restore;
  restore.from = options.from;
  restore.data_dir = settings.data_dir;
  restore.secrets = options.secrets;
  restore.kek_dir = settings.key_folder;
  restore.ledger = options.ledger;
  restore.region = settings.region;
  restore.ledger_name = settings.ledger_name;
  restore.progress = SayOn(progress);
  ROLLCALL_ASSIGN_OR_RETURN(const RestoreReport report, RestoreBackup(restore, policy, &clock));
  SayRestored(report, !options.ledger.empty(), out);
  return absl::OkStatus();
}

}  // namespace rollcall
