package main

import (
	"github.com/ThreeDotsLabs/watermill"
	watermillnats "github.com/ThreeDotsLabs/watermill-nats/v2/pkg/nats"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go"
)

type natsBackend struct{ with settings }

func (b natsBackend) publisher() (message.Publisher, error) {
	return watermillnats.NewPublisher(
		watermillnats.PublisherConfig{
			URL:       b.with.URL,
			Marshaler: &watermillnats.NATSMarshaler{},
			JetStream: watermillnats.JetStreamConfig{TrackMsgId: b.with.Setting == "track"},
		},
		watermill.NopLogger{},
	)
}

func (b natsBackend) subscriber() (message.Subscriber, error) {
	return watermillnats.NewSubscriber(
		watermillnats.SubscriberConfig{
			URL:              b.with.URL,
			QueueGroupPrefix: b.with.Group,
			SubscribersCount: max(1, b.with.Subscribers),
			Unmarshaler:      &watermillnats.NATSMarshaler{},
			JetStream: watermillnats.JetStreamConfig{
				DurablePrefix:    b.with.Group,
				AckAsync:         b.with.Setting == "async",
				SubscribeOptions: []nats.SubOpt{nats.DeliverAll(), nats.AckExplicit()},
			},
		},
		watermill.NopLogger{},
	)
}

func (b natsBackend) create(topic string) error {
	return b.manage(func(streams nats.JetStreamContext) error {
		_, err := streams.AddStream(&nats.StreamConfig{Name: topic, Subjects: []string{topic}})
		return err
	})
}

func (b natsBackend) remove(topic string) error {
	return b.manage(func(streams nats.JetStreamContext) error { return streams.DeleteStream(topic) })
}

func (b natsBackend) manage(work func(nats.JetStreamContext) error) error {
	connection, err := nats.Connect(b.with.URL)
	if err != nil {
		return err
	}
	defer connection.Close()
	streams, err := connection.JetStream()
	if err != nil {
		return err
	}
	return work(streams)
}
