// Memory the agent does not need while it waits.
#ifndef ROLLCALL_AGENT_MEMORY_TRIM_H_
#define ROLLCALL_AGENT_MEMORY_TRIM_H_

namespace rollcall {

// Gives free heap back to the system, and takes the read-only segments of the program and its
// libraries out of the process's resident set: code that runs again comes back from the page
// cache with minor faults, the rest stays away. For the end of a run, after which the agent
// mostly sleeps. Takes some 100 us. Thread-safe.
void TrimMemory();

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_MEMORY_TRIM_H_
