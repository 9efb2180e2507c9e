// Scrubs the arguments of one command, knowing which program reads them.
#ifndef ROLLCALL_PLATFORM_REDACTION_ARGV_SCRUBBER_H_
#define ROLLCALL_PLATFORM_REDACTION_ARGV_SCRUBBER_H_

#include <string>
#include <vector>

#include "platform/redaction/rewriter.h"

namespace rollcall {

// Command lines inside of command lines are followed this deep; deeper ones are replaced as
// a whole.
constexpr int kMaxShellDepth = 4;

// One pass over an argument vector, program first. `rules` gets one list per argument.
// `in_text`: the words come from a line of text, where the program may follow other words.
void ScrubArgv(int depth, bool in_text, std::vector<std::string>* argv, std::vector<RuleList>* rules);

// One pass over a command line: every simple command in it is scrubbed as an argument vector
// and put back in its place.
void ScrubShellLine(int depth, bool in_text, std::string* line, RuleList* rules);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_REDACTION_ARGV_SCRUBBER_H_
