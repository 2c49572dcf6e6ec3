package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/ThreeDotsLabs/watermill/message"
)

// settings are what the commands can say about how Watermill is to use a broker; the zero value is Watermill's own default.
type settings struct {
	URL   string
	Group string
	// Setting names one of the broker's own: see the flag's help.
	Setting string
	// Prefetch is RabbitMQ's; 1 is Watermill's default.
	Prefetch int
	// Subscribers is how many NATS subscriptions one subscriber has.
	Subscribers int
	// PubSub is RabbitMQ's fan-out exchange with a queue for each group, instead of a work queue.
	PubSub bool
	// Exchange, RoutingKey and Queue are RabbitMQ's: what somebody else has declared, used as it is.
	Exchange, RoutingKey, Queue string
	// Partitions is how many a created Kafka topic has.
	Partitions int
}

const settingHelp = "kafka: 'all' waits for all replicas; nats: 'track' sends message ids, 'async' does not wait for the server after an ack; Watermill's default unless given"

// backend is one broker as Watermill sees it.
type backend interface {
	publisher() (message.Publisher, error)
	subscriber() (message.Subscriber, error)
	// create makes the topic, and what a subscriber of the group would make, so that what is published is kept.
	create(topic string) error
	remove(topic string) error
}

func open(with settings) (backend, error) {
	address, err := url.Parse(with.URL)
	if err != nil {
		return nil, err
	}
	switch address.Scheme {
	case "amqp", "amqps":
		return amqpBackend{with}, with.allow("")
	case "kafka":
		return kafkaBackend{with, strings.Split(address.Host, ",")}, with.allow("", "all")
	case "nats", "jetstream":
		with.URL = "nats://" + address.Host
		return natsBackend{with}, with.allow("", "track", "async")
	default:
		return nil, fmt.Errorf("no backend for %q: amqp, kafka or nats", address.Scheme)
	}
}

func (with settings) allow(known ...string) error {
	for _, one := range known {
		if with.Setting == one {
			return nil
		}
	}
	return fmt.Errorf("this broker has no setting %q", with.Setting)
}
