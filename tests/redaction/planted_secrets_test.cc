// How many of the planted secrets the redactors take out, and which they do not.
#include "tests/redaction/planted_secrets.h"

#include <iostream>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collectors/environment/shown_values.h"
#include "gtest/gtest.h"
#include "platform/redaction/redactor.h"
#include "tests/redaction/read_table.h"

namespace rollcall {
namespace {

std::vector<PlantedSecret> AllPlanted() {
  absl::StatusOr<std::vector<PlantedSecret>> planted =
      PlantSecrets(ReadRedactionTable("formats.tsv"), ReadRedactionTable("secrets.tsv"));
  EXPECT_TRUE(planted.ok()) << planted.status();
  return planted.ok() ? *std::move(planted) : std::vector<PlantedSecret>();
}

// What leaves the host of a value.
std::string Redacted(const PlantedSecret& planted) {
  std::vector<std::string> value = planted.value;
  if (planted.redactor == "argv") {
    RedactArgv(&value);
  } else if (planted.redactor == "url") {
    RedactUrl(&value[0]);
  } else if (planted.redactor == "env") {
    EXPECT_EQ(value.size(), 2u) << "line " << planted.line;
    if (!IsShown(value[0], value[1])) value[1].clear();
    RedactText(&value[1]);
  } else {
    EXPECT_EQ(planted.redactor, "text") << "line " << planted.line;
    EXPECT_EQ(value.size(), 1u) << "line " << planted.line;
    RedactText(&value[0]);
  }
  return absl::StrJoin(value, "\t");
}

struct Tally {
  size_t planted = 0;
  size_t missed = 0;
};

TEST(PlantedSecretsTest, NearlyAllAreTakenOut) {
  const std::vector<PlantedSecret> all = AllPlanted();
  ASSERT_GE(all.size(), 2000u);
  std::map<std::string, Tally> places;
  Tally total;
  for (const PlantedSecret& planted : all) {
    const std::string redacted = Redacted(planted);
    const bool missed = !LeakedPiece(planted, redacted).empty();
    for (Tally* tally : {&places[planted.place], &total}) {
      ++tally->planted;
      tally->missed += missed ? 1 : 0;
    }
    if (missed) std::cout << "missed: formats.tsv:" << planted.line << " " << redacted << "\n";
  }
  for (const auto& [place, tally] : places) {
    std::cout << place << ": " << tally.planted << " planted, " << tally.missed << " missed\n";
    EXPECT_LE(tally.missed * 100, tally.planted * 4) << place;
  }
  const double share = 100.0 * static_cast<double>(total.missed) / static_cast<double>(total.planted);
  std::cout << "all: " << total.planted << " planted, " << total.missed << " missed, recall " << 100 - share << " %\n";
  EXPECT_GE(places.size(), 12u);
  EXPECT_LE(total.missed * 100, total.planted) << "less than 99 % of " << total.planted;
}

// A redactor that replaced everything would miss nothing.
TEST(PlantedSecretsTest, WhatStandsBesideTheSecretStays) {
  size_t argument_vectors = 0;
  for (const PlantedSecret& planted : AllPlanted()) {
    if (planted.redactor != "argv") continue;
    ++argument_vectors;
    std::vector<std::string> value = planted.value;
    RedactArgv(&value);
    EXPECT_EQ(value[0], planted.value[0]) << "line " << planted.line;
    size_t changed = 0;
    for (size_t i = 0; i < value.size(); ++i) changed += value[i] == planted.value[i] ? 0 : 1;
    EXPECT_LE(changed, 2u) << "line " << planted.line << ": " << absl::StrJoin(value, " ");
  }
  EXPECT_GE(argument_vectors, 1000u);
}

TEST(PlantedSecretsTest, TheTablesAloneDecide) {
  const std::string formats = "argv\targv\tword\tapp\t-p{}\n# no format\nurl\turl\ttoken\thttps://h/{}\n";
  const std::string secrets = "word\tone\ntoken\tghp_<alnum:36>\ntoken\t<digit:4>-<hex:4>\n";
  const absl::StatusOr<std::vector<PlantedSecret>> planted = PlantSecrets(formats, secrets);
  ASSERT_TRUE(planted.ok()) << planted.status();
  ASSERT_EQ(planted->size(), 3u);
  EXPECT_EQ((*planted)[0].value, (std::vector<std::string>{"app", "-pone"}));
  EXPECT_EQ((*planted)[1].secret.size(), 40u);
  EXPECT_EQ((*planted)[2].line, 3u);
  EXPECT_EQ((*planted)[1].secret, (*PlantSecrets(formats, secrets))[1].secret);
  for (const char* bad : {"argv\targv\tword\n", "argv\targv\tword\tno place\n", "argv\targv\tnone\t{}\n"}) {
    EXPECT_FALSE(PlantSecrets(bad, secrets).ok()) << bad;
  }
  for (const char* bad : {"word\n", "word\t<alnum:x>\n", "word\t<none:3>\n", "word\t<alnum:3\n"}) {
    EXPECT_FALSE(PlantSecrets(formats, bad).ok()) << bad;
  }
}

TEST(PlantedSecretsTest, PartOfASecretIsALeak) {
  const std::vector<PlantedSecret> planted = *PlantSecrets("a\ttext\tword\tpass={}\n", "word\tcorrecthorse\n");
  EXPECT_EQ(LeakedPiece(planted[0], "pass=[REDACTED:x]horse"), "horse");
  EXPECT_EQ(LeakedPiece(planted[0], "pass=[REDACTED:x]"), "");
}

TEST(PlantedSecretsTest, NoSecretIsThereTwice) {
  std::set<std::string> seen;
  for (const PlantedSecret& planted : AllPlanted()) {
    EXPECT_TRUE(seen.insert(absl::StrCat(planted.place, "\t", absl::StrJoin(planted.value, "\t"))).second)
        << "line " << planted.line << ": " << planted.secret;
  }
}

}  // namespace
}  // namespace rollcall
