package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
)

// bench measures publishing, or draining what was published before, on one broker.
func bench(args []string) error {
	flags, with, prefix := brokerFlags("bench")
	operation := flags.String("op", "publish", "publish or consume")
	workers := flags.Int("workers", 1, "publish: goroutines that publish one message after the other; consume: subscribers (on NATS subscriptions of one)")
	size := flags.Int("size", 256, "payload in bytes")
	count := flags.Int("messages", 20_000, "consume: backlog to drain")
	seconds := flags.Float64("seconds", 0.8, "publish: how long each repeat lasts")
	repeats := flags.Int("repeats", 5, "measured repeats, after one that is not")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *prefix == "" {
		*prefix = "watermill-bench"
	}
	with.Subscribers = *workers
	broker, err := open(*with)
	if err != nil {
		return err
	}
	label := fmt.Sprintf("%s workers=%d", *operation, *workers)
	if with.Setting != "" {
		label += " setting=" + with.Setting
	}
	if with.Prefetch > 0 {
		label += fmt.Sprintf(" prefetch=%d", with.Prefetch)
	}
	for repeat := 0; repeat <= *repeats; repeat++ {
		topic := fmt.Sprintf("%s-%d-%d", *prefix, time.Now().UnixNano(), repeat)
		if err := broker.create(topic); err != nil {
			return err
		}
		var done int
		var took time.Duration
		if *operation == "publish" {
			done, took, err = publishFor(broker, topic, make([]byte, *size), *workers, time.Duration(*seconds*float64(time.Second)))
		} else {
			done, took, err = drain(broker, topic, make([]byte, *size), *count, *workers)
		}
		if removed := broker.remove(topic); err == nil {
			err = removed
		}
		if err != nil {
			return err
		}
		if repeat == 0 {
			continue // the warm-up
		}
		if err := output.Encode(rate{label, *size, repeat, float64(done) / took.Seconds(), done, took.Seconds()}); err != nil {
			return err
		}
	}
	return nil
}

func publishFor(broker backend, topic string, payload []byte, workers int, span time.Duration) (int, time.Duration, error) {
	publisher, err := broker.publisher()
	if err != nil {
		return 0, 0, err
	}
	defer publisher.Close()
	// The first message pays for connections and metadata.
	if err := publisher.Publish(topic, message.NewMessage(watermill.NewUUID(), payload)); err != nil {
		return 0, 0, err
	}
	var published atomic.Int64
	start := time.Now()
	err = together(workers, func() error {
		for time.Since(start) < span {
			if err := publisher.Publish(topic, message.NewMessage(watermill.NewUUID(), payload)); err != nil {
				return err
			}
			published.Add(1)
		}
		return nil
	})
	return int(published.Load()), time.Since(start), err
}

// drain measures from the first message handed out to the last ack.
func drain(broker backend, topic string, payload []byte, count, workers int) (int, time.Duration, error) {
	if err := fill(broker, topic, payload, count); err != nil {
		return 0, 0, err
	}
	subscriber, err := broker.subscriber()
	if err != nil {
		return 0, 0, err
	}
	defer subscriber.Close()
	subscriptions := workers
	if _, ok := broker.(natsBackend); ok {
		subscriptions = 1 // its subscriber has its own
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var first sync.Once
	var start time.Time
	var left atomic.Int64
	left.Store(int64(count))
	finished := make(chan struct{})
	for range subscriptions {
		messages, err := subscriber.Subscribe(ctx, topic)
		if err != nil {
			return 0, 0, err
		}
		go func() {
			for one := range messages {
				first.Do(func() { start = time.Now() })
				one.Ack()
				if left.Add(-1) == 0 {
					close(finished)
				}
			}
		}()
	}
	select {
	case <-finished:
		return count, time.Since(start), nil
	case <-ctx.Done():
		return 0, 0, fmt.Errorf("%d of %d messages did not come", left.Load(), count)
	}
}

func fill(broker backend, topic string, payload []byte, count int) error {
	publisher, err := broker.publisher()
	if err != nil {
		return err
	}
	defer publisher.Close()
	var next atomic.Int64
	return together(16, func() error {
		for next.Add(1) <= int64(count) {
			if err := publisher.Publish(topic, message.NewMessage(watermill.NewUUID(), payload)); err != nil {
				return err
			}
		}
		return nil
	})
}

// together runs work in so many goroutines and returns the first error.
func together(workers int, work func() error) error {
	errs := make(chan error, workers)
	for range workers {
		go func() { errs <- work() }()
	}
	var first error
	for range workers {
		if err := <-errs; first == nil {
			first = err
		}
	}
	return first
}
