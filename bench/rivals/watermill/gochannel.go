package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
)

const topic = "bench"

// window is how many messages may be un-acked at once. GoChannel itself has no back-pressure, so the publisher keeps it.
const window = 1000

// inProcess are the cases of the command gochannel: each sends count messages from one publisher to one subscriber, and returns when all are acked.
var inProcess = map[string]func(payload []byte, count int) (time.Duration, error){
	"a default window1000": func(payload []byte, count int) (time.Duration, error) {
		return throughSubscriber(payload, count, 1)
	},
	"subs=10 default window1000": func(payload []byte, count int) (time.Duration, error) {
		return throughSubscriber(payload, count, 10)
	},
	"router handler 0mw window1000": func(payload []byte, count int) (time.Duration, error) {
		return throughRouter(payload, count, nil)
	},
	"router handler 5mw window1000": func(payload []byte, count int) (time.Duration, error) {
		return throughRouter(payload, count, slices.Repeat([]message.HandlerMiddleware{passOn}, 5))
	},
	"router handler 5 policies window1000": func(payload []byte, count int) (time.Duration, error) {
		return throughRouter(payload, count, policies())
	},
}

func goChannel(args []string) error {
	flags := flag.NewFlagSet("gochannel", flag.ExitOnError)
	sizes := flags.String("sizes", "64", "payload sizes in bytes, comma separated")
	count := flags.Int("messages", 40_000, "messages in each repeat")
	repeats := flags.Int("repeats", 5, "measured repeats, after one that is not")
	only := flags.String("case", "", "one case; all unless given")
	list := flags.Bool("list", false, "print the names of the cases and end")
	if err := flags.Parse(args); err != nil {
		return err
	}
	names := caseNames(*only)
	if len(names) == 0 {
		return fmt.Errorf("no case %q", *only)
	}
	if *list {
		return output.Encode(names)
	}
	for _, text := range strings.Split(*sizes, ",") {
		size, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := measure(name, size, *count, *repeats); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func caseNames(only string) []string {
	var names []string
	for name := range inProcess {
		if only == "" || name == only {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func measure(name string, size, count, repeats int) error {
	payload := make([]byte, size)
	for repeat := 0; repeat <= repeats; repeat++ {
		took, err := inProcess[name](payload, count)
		if err != nil {
			return err
		}
		if repeat == 0 {
			continue // the warm-up
		}
		seconds := took.Seconds()
		if err := output.Encode(rate{name, size, repeat, float64(count) / seconds, count, seconds}); err != nil {
			return err
		}
	}
	return nil
}

func throughSubscriber(payload []byte, count, subscribers int) (time.Duration, error) {
	pubsub := gochannel.NewGoChannel(gochannel.Config{}, watermill.NopLogger{})
	defer pubsub.Close()
	room := make(chan struct{}, window)
	done := make(chan struct{}, subscribers)
	for index := range subscribers {
		messages, err := pubsub.Subscribe(context.Background(), topic)
		if err != nil {
			return 0, err
		}
		go func() {
			for range count {
				(<-messages).Ack()
				if index == 0 {
					<-room
				}
			}
			done <- struct{}{}
		}()
	}
	start := time.Now()
	if err := publishAll(pubsub, payload, count, room); err != nil {
		return 0, err
	}
	for range subscribers {
		<-done
	}
	return time.Since(start), nil
}

func throughRouter(payload []byte, count int, middlewares []message.HandlerMiddleware) (time.Duration, error) {
	pubsub := gochannel.NewGoChannel(gochannel.Config{}, watermill.NopLogger{})
	defer pubsub.Close()
	router, err := message.NewRouter(message.RouterConfig{}, watermill.NopLogger{})
	if err != nil {
		return 0, err
	}
	router.AddMiddleware(middlewares...)
	room := make(chan struct{}, window)
	handled := make(chan struct{}, count)
	router.AddNoPublisherHandler("bench", topic, pubsub, func(*message.Message) error {
		<-room
		handled <- struct{}{}
		return nil
	})
	go func() { _ = router.Run(context.Background()) }()
	<-router.Running()
	defer router.Close()

	start := time.Now()
	if err := publishAll(pubsub, payload, count, room); err != nil {
		return 0, err
	}
	for range count {
		<-handled
	}
	return time.Since(start), nil
}

func publishAll(publisher message.Publisher, payload []byte, count int, room chan<- struct{}) error {
	for range count {
		room <- struct{}{}
		if err := publisher.Publish(topic, message.NewMessage(watermill.NewUUID(), payload)); err != nil {
			return err
		}
	}
	return nil
}

func passOn(next message.HandlerFunc) message.HandlerFunc {
	return func(m *message.Message) ([]*message.Message, error) { return next(m) }
}

// policies are five that Watermill's users are told to add.
func policies() []message.HandlerMiddleware {
	return []message.HandlerMiddleware{
		middleware.Recoverer,
		middleware.CorrelationID,
		middleware.Timeout(30 * time.Second),
		middleware.Retry{MaxRetries: 3, InitialInterval: 100 * time.Millisecond}.Middleware,
		middleware.NewIgnoreErrors(nil).Middleware,
	}
}
