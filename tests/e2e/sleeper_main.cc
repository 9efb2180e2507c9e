// A process that does nothing, under any name and with any arguments.
#include <unistd.h>

int main() {
  for (;;) pause();
}
