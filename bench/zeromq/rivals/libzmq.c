// The cases of the benchmark over libzmq, for comparison. One role per process:
//   libzmq ROLE PORT SIZE COUNT [curve]
// A receiver says "ready" when it is bound and "result N" when it is done; a sender stays until it is killed.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define SUBSCRIBERS 16

// The key pairs of the CURVE manual page's example.
static const char *server_public = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
static const char *server_secret = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6";
static const char *client_public = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
static const char *client_secret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs";

static void *context;
static char endpoint[64];
static size_t size;
static long count;
static int curve;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static void *open_socket(int type, int server) {
  void *socket = zmq_socket(context, type);
  if (curve && server) {
    int on = 1;
    zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &on, sizeof on);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, server_secret, 41);
  } else if (curve) {
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_public, 41);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, client_public, 41);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, client_secret, 41);
  }
  return socket;
}

static void say(const char *what) {
  puts(what);
  fflush(stdout);
}

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
  exit(1);
}

static void bind_to(void *socket) {
  if (zmq_bind(socket, endpoint) != 0) fail("bind");
  say("ready");
}

static void take(void *socket) {
  zmq_msg_t message;
  zmq_msg_init(&message);
  if (zmq_msg_recv(&message, socket, 0) < 0) fail("receive");
  zmq_msg_close(&message);
}

static void give(void *socket, const void *body) {
  zmq_msg_t message;
  zmq_msg_init_size(&message, size);
  memcpy(zmq_msg_data(&message), body, size);
  if (zmq_msg_send(&message, socket, 0) < 0) fail("send");
}

// The first fifth warms up and is not counted.
static void receive_all(void *socket) {
  long warm = count / 5;
  for (long i = 0; i < warm; i++) take(socket);
  double began = now();
  for (long i = warm; i < count; i++) take(socket);
  printf("result %.3f\n", (count - warm) / (now() - began));
  fflush(stdout);
}

static void send_all(void *socket) {
  char *body = calloc(1, size ? size : 1);
  body[0] = 't';
  for (long i = 0; i < count; i++) give(socket, body);
  free(body);
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void *push_thread(void *endpoint_) {
  void *socket = zmq_socket(context, ZMQ_PUSH);
  if (zmq_connect(socket, endpoint_) != 0) fail("connect");
  send_all(socket);
  zmq_close(socket);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  const char *role = argv[1];
  snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%s", argv[2]);
  size = (size_t)atol(argv[3]);
  count = atol(argv[4]);
  curve = argc > 5 && strcmp(argv[5], "curve") == 0;
  context = zmq_ctx_new();

  if (strcmp(role, "pull") == 0) {
    void *socket = open_socket(ZMQ_PULL, 1);
    bind_to(socket);
    receive_all(socket);
  } else if (strcmp(role, "push") == 0) {
    void *socket = open_socket(ZMQ_PUSH, 0);
    if (zmq_connect(socket, endpoint) != 0) fail("connect");
    send_all(socket);
  } else if (strcmp(role, "rep") == 0) {
    void *socket = open_socket(ZMQ_REP, 1);
    bind_to(socket);
    for (;;) {
      zmq_msg_t message;
      zmq_msg_init(&message);
      if (zmq_msg_recv(&message, socket, 0) < 0) fail("receive");
      if (zmq_msg_send(&message, socket, 0) < 0) fail("send");
    }
  } else if (strcmp(role, "req") == 0) {
    void *socket = open_socket(ZMQ_REQ, 0);
    if (zmq_connect(socket, endpoint) != 0) fail("connect");
    char *body = calloc(1, size);
    double *took = malloc(sizeof(double) * (size_t)count);
    long warm = count / 5, kept = 0;
    for (long i = 0; i < count; i++) {
      double began = now();
      give(socket, body);
      take(socket);
      if (i >= warm) took[kept++] = (now() - began) * 1e6;
    }
    qsort(took, (size_t)kept, sizeof(double), ascending);
    printf("result %.3f\n", took[kept / 2]);
    fflush(stdout);
  } else if (strcmp(role, "pub") == 0) {
    void *socket = zmq_socket(context, ZMQ_XPUB);
    int on = 1;
    zmq_setsockopt(socket, ZMQ_XPUB_VERBOSE, &on, sizeof on);
    zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &on, sizeof on);
    bind_to(socket);
    for (int i = 0; i < SUBSCRIBERS; i++) take(socket);
    send_all(socket);
  } else if (strcmp(role, "sub") == 0) {
    zmq_pollitem_t items[SUBSCRIBERS];
    for (int i = 0; i < SUBSCRIBERS; i++) {
      void *socket = zmq_socket(context, ZMQ_SUB);
      zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "t", 1);
      if (zmq_connect(socket, endpoint) != 0) fail("connect");
      items[i] = (zmq_pollitem_t){socket, 0, ZMQ_POLLIN, 0};
    }
    long all = count * SUBSCRIBERS, warm = all / 5, got = 0;
    double began = now();
    while (got < all) {
      zmq_poll(items, SUBSCRIBERS, -1);
      for (int i = 0; i < SUBSCRIBERS; i++) {
        if (!(items[i].revents & ZMQ_POLLIN)) continue;
        for (int turn = 0; turn < 256; turn++) {
          zmq_msg_t message;
          zmq_msg_init(&message);
          if (zmq_msg_recv(&message, items[i].socket, ZMQ_DONTWAIT) < 0) break;
          zmq_msg_close(&message);
          if (++got == warm) began = now();
        }
      }
    }
    printf("result %.3f\n", (all - warm) / (now() - began));
    fflush(stdout);
  } else if (strcmp(role, "inproc") == 0) {
    void *socket = zmq_socket(context, ZMQ_PULL);
    static char name[] = "inproc://bench";
    if (zmq_bind(socket, name) != 0) fail("bind");
    pthread_t sender;
    pthread_create(&sender, NULL, push_thread, name);
    receive_all(socket);
  } else {
    return 2;
  }
  pause();
  return 0;
}
