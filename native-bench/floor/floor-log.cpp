// The floor of the disk: what appending to a log costs with nothing around it.
//
//   g++ -O2 -o floor-log floor-log.cpp && ./floor-log FILE [appends=2000] [appendBytes=65536]
//
// One preallocated, zero-filled and flushed file; then `appends` times pwrite(appendBytes) + fdatasync, one after the
// other. Prints one line of JSON: the latency of one append + flush, and what a caller that never waits for anything else
// could make durable per second.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

using Clock = std::chrono::steady_clock;

static double microsecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void writeWhole(int file, const char *bytes, size_t length, off_t position) {
  while (length > 0) {
    ssize_t written = pwrite(file, bytes, length, position);
    if (written <= 0) fail("pwrite");
    bytes += written;
    position += written;
    length -= static_cast<size_t>(written);
  }
}

static double cpuMicroseconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: floor-log FILE [appends=2000] [appendBytes=65536]\n");
    return 2;
  }
  const char *path = argv[1];
  const size_t appends = argc > 2 ? strtoul(argv[2], nullptr, 10) : 2000;
  const size_t appendBytes = argc > 3 ? strtoul(argv[3], nullptr, 10) : 65536;

  int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (file < 0) fail(path);
  std::vector<char> bytes(appendBytes, 0);
  for (size_t index = 0; index < appends; index++) writeWhole(file, bytes.data(), appendBytes, index * appendBytes);
  if (fsync(file) != 0) fail("fsync");

  memset(bytes.data(), 'x', appendBytes);
  std::vector<double> latencies;
  latencies.reserve(appends);
  const double cpuBefore = cpuMicroseconds();
  const Clock::time_point start = Clock::now();
  for (size_t index = 0; index < appends; index++) {
    memcpy(bytes.data(), &index, sizeof index);
    const Clock::time_point appendStart = Clock::now();
    writeWhole(file, bytes.data(), appendBytes, index * appendBytes);
    if (fdatasync(file) != 0) fail("fdatasync");
    latencies.push_back(microsecondsSince(appendStart));
  }
  const double seconds = microsecondsSince(start) / 1e6;
  const double cpuUs = (cpuMicroseconds() - cpuBefore) / static_cast<double>(appends);
  close(file);
  unlink(path);

  std::sort(latencies.begin(), latencies.end());
  const auto percentile = [&](double share) {
    return latencies[std::min(latencies.size() - 1, static_cast<size_t>(share * static_cast<double>(latencies.size())))];
  };
  printf("{\"appends\":%zu,\"appendBytes\":%zu,\"p50Us\":%.1f,\"p99Us\":%.1f,\"maxUs\":%.1f,\"cpuUs\":%.1f,"
         "\"megabytesPerSecond\":%.1f}\n",
         appends, appendBytes, percentile(0.5), percentile(0.99), latencies.back(), cpuUs,
         static_cast<double>(appends * appendBytes) / 1e6 / seconds);
  return 0;
}
