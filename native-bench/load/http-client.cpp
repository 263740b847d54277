// The HTTP half of the load generator as a native program: one thread, epoll, one request in flight per connection. It
// costs about half of what a client in JavaScript costs, and on a small machine the client's share is taken from the
// server under test.
//
//   http-client HOST PORT CONNECTIONS SECONDS WARMUP RATE FIRST_ORDER PLAN EXPECTED JOURNAL
//
// PLAN is the file of prepared requests that native-http.ts writes. RATE 0 is a closed loop: every answer is followed by
// the next order at once. EXPECTED and JOURNAL may be "-"; their formats are those of expected-file.ts and journal.ts.
// 429, 503 and 507 are waited out as Retry-After says, and the same bytes are sent again. Prints one line of JSON.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <string>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr uint32_t CUSTOMER_COUNT = 100'000;
constexpr uint32_t ORDER_ID_MASK = (1u << 30) - 1;
constexpr int STEP_BITS = 6;
constexpr uint32_t STEPS = 1u << STEP_BITS;
constexpr size_t BUCKETS = STEPS * 32;
constexpr double DRAIN_MS_MAX = 20'000;
constexpr int WAIT_MS = 5;
constexpr long TICK_NS = 100'000;
constexpr size_t COMPLAINTS_MAX = 8;
constexpr size_t READ_BYTES = 64 * 1024;
constexpr size_t JOURNAL_BUFFER_BYTES = 24 * 4096;

[[noreturn]] void fail(const char *what) {
  perror(what);
  exit(1);
}

double clockMs(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

double nowMs() { return clockMs(CLOCK_MONOTONIC); }

double cpuMicroseconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

// The numbers of canonical-order.ts: an order's number decides its id and its customer.

uint32_t mix32(uint32_t value) {
  value = (value ^ (value >> 16)) * 0x85ebca6bu;
  value = (value ^ (value >> 13)) * 0xc2b2ae35u;
  return value ^ (value >> 16);
}

uint32_t customerOf(uint32_t orderNumber) { return mix32(orderNumber ^ 0x5bd1e995u) % CUSTOMER_COUNT; }

void writeOrderId(char *bytes, uint32_t orderNumber) {
  static const char BASE32[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const uint32_t permuted = (orderNumber * 0x2c1b3c6du) & ORDER_ID_MASK;
  for (int digit = 0; digit < 6; digit++) bytes[digit] = BASE32[(permuted >> (25 - 5 * digit)) & 31];
}

void writeDigits(char *bytes, int width, uint64_t value) {
  for (int index = width - 1; index >= 0; index--, value /= 10) bytes[index] = static_cast<char>('0' + value % 10);
}

struct Request {
  std::string bytes;
  uint32_t orderIdAt, customerAt, placedAtAt, bodyBytes, totalCents;

  void fill(uint32_t orderNumber, uint32_t customer, uint64_t placedAt) {
    writeOrderId(&bytes[orderIdAt], orderNumber);
    writeDigits(&bytes[customerAt], 5, customer);
    writeDigits(&bytes[placedAtAt], 13, placedAt);
  }
};

struct Connection {
  int socket = -1;
  uint32_t id = 0, round = 0, orderNumber = 0;
  Request *request = nullptr;
  double sentAt = 0;
  std::string partial;
};

struct Response {
  int status = 0;
  double retryAfterSeconds = 0;
  const char *body = nullptr;
  size_t bodyBytes = 0;
};

/** Reads a response with Content-Length. False when it has not come whole. */
bool parse(const char *bytes, size_t length, Response &response) {
  if (length < 12) return false;
  const char *end = bytes + length;
  response.status = atoi(bytes + 9);
  response.retryAfterSeconds = 0;
  size_t contentLength = 0;
  for (const char *line = bytes;;) {
    const char *lineEnd = static_cast<const char *>(memchr(line, '\r', static_cast<size_t>(end - line)));
    if (lineEnd == nullptr || lineEnd + 1 >= end) return false;
    if (lineEnd == line) {
      response.body = line + 2;
      response.bodyBytes = contentLength;
      return response.body + contentLength <= end;
    }
    if (strncasecmp(line, "content-length:", 15) == 0) contentLength = strtoul(line + 15, nullptr, 10);
    else if (strncasecmp(line, "retry-after:", 12) == 0) response.retryAfterSeconds = strtod(line + 12, nullptr);
    line = lineEnd + 2;
  }
}

/** Entries as in journal.ts. */
class Journal {
 public:
  explicit Journal(const char *path) : file_(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600)) {
    if (file_ < 0) fail(path);
    buffer_.reserve(JOURNAL_BUFFER_BYTES);
  }

  void acked(const Connection &connection, int32_t partition, double offset) {
    const uint32_t reserved = 0;
    append(&connection.orderNumber, 4);
    append(&connection.id, 4);
    append(&partition, 4);
    append(&reserved, 4);
    append(&offset, 8);
    if (buffer_.size() >= JOURNAL_BUFFER_BYTES) write();
  }

  void write() {
    for (size_t done = 0; done < buffer_.size();) {
      const ssize_t written = ::write(file_, buffer_.data() + done, buffer_.size() - done);
      if (written <= 0) fail("journal");
      done += static_cast<size_t>(written);
    }
    buffer_.clear();
  }

 private:
  void append(const void *value, size_t bytes) { buffer_.append(static_cast<const char *>(value), bytes); }
  int file_;
  std::string buffer_;
};

/** As histogram.ts: every power of two of microseconds in 64 steps. */
class Histogram {
 public:
  void record(double microseconds) {
    const uint32_t us = microseconds < 0 ? 0 : static_cast<uint32_t>(std::min(std::round(microseconds), 2147483647.0));
    counts_[bucketOf(us)]++;
    maxUs_ = std::max(maxUs_, us);
  }

  void print() const {
    printf("\"maxUs\":%u,\"buckets\":[", maxUs_);
    const char *separator = "";
    for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
      if (counts_[bucket] == 0) continue;
      printf("%s[%zu,%llu]", separator, bucket, static_cast<unsigned long long>(counts_[bucket]));
      separator = ",";
    }
    printf("]");
  }

 private:
  static size_t bucketOf(uint32_t us) {
    if (us < STEPS) return us;
    const int shift = 31 - __builtin_clz(us) - STEP_BITS;
    return static_cast<size_t>(shift + 1) * STEPS + ((us >> shift) - STEPS);
  }
  uint64_t counts_[BUCKETS] = {};
  uint32_t maxUs_ = 0;
};

class Client {
 public:
  Client(uint32_t connections, double ratePerSecond, uint32_t firstOrder, const char *plan, Journal *journal)
      : ratePerMs_(ratePerSecond / 1000), firstOrder_(firstOrder), journal_(journal), connections_(connections) {
    readPlan(plan);
    orders_.resize(CUSTOMER_COUNT);
    cents_.resize(CUSTOMER_COUNT);
    epoll_ = epoll_create1(0);
    if (epoll_ < 0) fail("epoll_create1");
  }

  void openAll(const char *host, const char *port) {
    addrinfo hints = {}, *address = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(host, port, &hints, &address) != 0) fail(host);
    for (uint32_t id = 0; id < connections_.size(); id++) {
      Connection &connection = connections_[id];
      connection.id = id;
      connection.socket = socket(address->ai_family, SOCK_STREAM, 0);
      if (connection.socket < 0) fail("socket");
      if (connect(connection.socket, address->ai_addr, address->ai_addrlen) != 0) fail("connect");
      const int yes = 1;
      setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      fcntl(connection.socket, F_SETFL, O_NONBLOCK);
      watch(connection.socket, id);
    }
    freeaddrinfo(address);
  }

  void run(double warmupSeconds, double seconds) {
    const double start = nowMs();
    const double measureFrom = start + warmupSeconds * 1000;
    const double measureTo = measureFrom + seconds * 1000;
    startMs_ = start;
    if (ratePerMs_ > 0) {
      for (Connection &connection : connections_) idle_.push_back(&connection);
      startTicks();
    } else {
      for (Connection &connection : connections_) sendNext(connection, nowMs());
    }
    for (;;) {
      const double now = nowMs();
      if (!isMeasuring_ && !isStopping_ && now >= measureFrom) {
        isMeasuring_ = true;
        cpuBefore_ = cpuMicroseconds();
        measuredFrom_ = now;
      }
      if (isMeasuring_ && now >= measureTo) {
        isMeasuring_ = false;
        isStopping_ = true;
        measuredSeconds_ = (now - measuredFrom_) / 1000;
        cpuUs_ = cpuMicroseconds() - cpuBefore_;
      }
      if (isStopping_ && (outstanding() == 0 || lost_ == connections_.size() || now > measureTo + DRAIN_MS_MAX)) break;
      sendAgain(now);
      if (ratePerMs_ > 0 && !isStopping_) pump();
      poll();
    }
    for (Connection &connection : connections_) close(connection.socket);
  }

  void writeExpected(const char *path) const {
    FILE *file = fopen(path, "w");
    if (file == nullptr) fail(path);
    const bool isWhole = fwrite(orders_.data(), sizeof(int32_t), CUSTOMER_COUNT, file) == CUSTOMER_COUNT &&
                         fwrite(cents_.data(), sizeof(double), CUSTOMER_COUNT, file) == CUSTOMER_COUNT;
    if (!isWhole || fclose(file) != 0) fail(path);
  }

  void print() const {
    printf("{\"seconds\":%.6f,\"sent\":%llu,\"accepted\":%llu,\"rejected\":%llu,\"refused\":%llu,", measuredSeconds_, sent_,
           accepted_, rejected_, refused_);
    printf("\"measured\":%llu,\"payloadBytes\":%llu,\"cpuUs\":%.0f,", measured_, payloadBytes_, cpuUs_);
    latency_.print();
    printf(",\"complaints\":[");
    for (size_t index = 0; index < complaints_.size(); index++) {
      printf("%s\"", index == 0 ? "" : ",");
      for (unsigned char character : complaints_[index]) {
        if (character == '"' || character == '\\') printf("\\%c", character);
        else if (character < 32 || character > 126) printf("\\u%04x", character);
        else putchar(character);
      }
      printf("\"");
    }
    printf("]}\n");
  }

 private:
  void readPlan(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == nullptr) fail(path);
    uint32_t head[6];
    while (fread(head, sizeof head, 1, file) == 1) {
      Request request;
      request.bytes.resize(head[0]);
      if (fread(&request.bytes[0], 1, head[0], file) != head[0]) fail("plan");
      request.orderIdAt = head[1];
      request.customerAt = head[2];
      request.placedAtAt = head[3];
      request.bodyBytes = head[4];
      request.totalCents = head[5];
      requests_.push_back(std::move(request));
    }
    fclose(file);
    if (requests_.empty()) fail("plan");
  }

  void watch(int file, uint32_t id) {
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.u32 = id;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, file, &event) != 0) fail("epoll_ctl");
  }

  /** An open loop must look at its schedule more often than the milliseconds of epoll_wait allow. */
  void startTicks() {
    ticks_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    itimerspec every = {{0, TICK_NS}, {0, TICK_NS}};
    if (ticks_ < 0 || timerfd_settime(ticks_, 0, &every, nullptr) != 0) fail("timerfd");
    watch(ticks_, static_cast<uint32_t>(connections_.size()));
  }

  void poll() {
    epoll_event events[512];
    const int count = epoll_wait(epoll_, events, 512, WAIT_MS);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    for (int index = 0; index < count; index++) {
      const uint32_t id = events[index].data.u32;
      if (id < connections_.size()) receive(connections_[id]);
      else skipTick();
    }
  }

  void skipTick() {
    uint64_t expirations;
    if (read(ticks_, &expirations, sizeof expirations) < 0 && errno != EAGAIN) fail("timerfd");
  }

  void receive(Connection &connection) {
    static char bytes[READ_BYTES];
    const ssize_t length = recv(connection.socket, bytes, sizeof bytes, 0);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (length <= 0) {
      lose(connection, length == 0 ? "closed by the server" : strerror(errno));
      return;
    }
    Response response;
    if (connection.partial.empty()) {
      if (parse(bytes, static_cast<size_t>(length), response)) answered(connection, response);
      else connection.partial.assign(bytes, static_cast<size_t>(length));
      return;
    }
    connection.partial.append(bytes, static_cast<size_t>(length));
    std::string whole;
    whole.swap(connection.partial);
    if (parse(whole.data(), whole.size(), response)) answered(connection, response);
    else connection.partial.swap(whole);
  }

  void answered(Connection &connection, const Response &response) {
    const double now = nowMs();
    if (response.status == 429 || response.status == 503 || response.status == 507) {
      refused_++;
      again_.push_back({now + response.retryAfterSeconds * 1000, &connection});
      return;
    }
    if (response.status >= 200 && response.status < 300) {
      accepted_++;
      if (isMeasuring_) {
        measured_++;
        latency_.record((now - connection.sentAt) * 1000);
      }
      if (journal_ != nullptr) {
        const std::string body(response.body, response.bodyBytes);
        journal_->acked(connection, static_cast<int32_t>(member(body, "\"partition\":")), member(body, "\"offset\":"));
      }
    } else {
      rejected_++;
      complain("status=" + std::to_string(response.status) + " " + std::string(response.body, response.bodyBytes));
    }
    if (isStopping_) return;
    if (ratePerMs_ > 0) idle_.push_back(&connection);
    else sendNext(connection, now);
  }

  static double member(const std::string &body, const char *name) {
    const size_t at = body.find(name);
    return at == std::string::npos ? -1 : strtod(body.c_str() + at + strlen(name), nullptr);
  }

  /** Request k of an open loop is due at start + k / rate, and its latency counts from then: nothing is omitted. */
  void pump() {
    int64_t due = static_cast<int64_t>((nowMs() - startMs_) * ratePerMs_) + 1 - taken_;
    for (; due > 0 && !idle_.empty(); due--, taken_++) {
      Connection *connection = idle_.back();
      idle_.pop_back();
      sendNext(*connection, startMs_ + static_cast<double>(taken_) / ratePerMs_);
    }
  }

  void sendNext(Connection &connection, double sentAt) {
    const uint32_t place = connection.round++ * static_cast<uint32_t>(connections_.size()) + connection.id;
    connection.orderNumber = firstOrder_ + place;
    const uint32_t customer = customerOf(connection.orderNumber);
    Request &request = requests_[connection.orderNumber % requests_.size()];
    request.fill(connection.orderNumber, customer, static_cast<uint64_t>(clockMs(CLOCK_REALTIME)));
    connection.request = &request;
    connection.sentAt = sentAt;
    sent_++;
    payloadBytes_ += request.bodyBytes;
    orders_[customer]++;
    cents_[customer] += request.totalCents;
    write(connection);
  }

  void write(Connection &connection) {
    const std::string &bytes = connection.request->bytes;
    const ssize_t written = send(connection.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written != static_cast<ssize_t>(bytes.size())) lose(connection, written < 0 ? strerror(errno) : "short send");
  }

  void sendAgain(double now) {
    for (size_t index = 0; index < again_.size();) {
      if (again_[index].dueMs > now) {
        index++;
        continue;
      }
      write(*again_[index].connection);
      again_[index] = again_.back();
      again_.pop_back();
    }
  }

  void lose(Connection &connection, const char *reason) {
    if (epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.socket, nullptr) != 0) return;
    lost_++;
    complain("connection=" + std::to_string(connection.id) + " " + reason);
  }

  void complain(const std::string &what) {
    if (complaints_.size() < COMPLAINTS_MAX) complaints_.push_back(what);
  }

  unsigned long long outstanding() const { return sent_ - accepted_ - rejected_; }

  struct Again {
    double dueMs;
    Connection *connection;
  };

  const double ratePerMs_;
  const uint32_t firstOrder_;
  Journal *journal_;
  std::vector<Connection> connections_;
  std::vector<Request> requests_;
  std::vector<Connection *> idle_;
  std::vector<Again> again_;
  std::vector<int32_t> orders_;
  std::vector<double> cents_;
  std::vector<std::string> complaints_;
  Histogram latency_;
  int epoll_ = -1, ticks_ = -1;
  bool isMeasuring_ = false, isStopping_ = false;
  double startMs_ = 0, measuredFrom_ = 0, measuredSeconds_ = 0, cpuBefore_ = 0, cpuUs_ = 0;
  int64_t taken_ = 0;
  size_t lost_ = 0;
  unsigned long long sent_ = 0, payloadBytes_ = 0, accepted_ = 0, rejected_ = 0, refused_ = 0, measured_ = 0;
};

} // namespace

int main(int argc, char **argv) {
  if (argc != 11) {
    fprintf(stderr, "usage: http-client HOST PORT CONNECTIONS SECONDS WARMUP RATE FIRST_ORDER PLAN EXPECTED JOURNAL\n");
    return 2;
  }
  const bool hasExpected = strcmp(argv[9], "-") != 0;
  const bool hasJournal = strcmp(argv[10], "-") != 0;
  Journal *journal = hasJournal ? new Journal(argv[10]) : nullptr;
  const uint32_t connections = static_cast<uint32_t>(strtoul(argv[3], nullptr, 10));
  const uint32_t firstOrder = static_cast<uint32_t>(strtoul(argv[7], nullptr, 10));
  Client *client = new Client(connections, strtod(argv[6], nullptr), firstOrder, argv[8], journal);
  client->openAll(argv[1], argv[2]);
  client->run(strtod(argv[5], nullptr), strtod(argv[4], nullptr));
  if (journal != nullptr) journal->write();
  if (hasExpected) client->writeExpected(argv[9]);
  client->print();
  return 0;
}
