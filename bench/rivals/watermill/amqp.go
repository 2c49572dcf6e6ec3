package main

import (
	"cmp"

	"github.com/ThreeDotsLabs/watermill"
	watermillamqp "github.com/ThreeDotsLabs/watermill-amqp/pkg/amqp"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/streadway/amqp"
)

type amqpBackend struct{ with settings }

func (b amqpBackend) config() watermillamqp.Config {
	config := watermillamqp.NewDurableQueueConfig(b.with.URL)
	if b.with.PubSub {
		config = watermillamqp.NewDurablePubSubConfig(b.with.URL, watermillamqp.GenerateQueueNameTopicNameWithSuffix(b.with.Group))
	}
	if b.with.Prefetch > 0 {
		config.Consume.Qos.PrefetchCount = b.with.Prefetch
	}
	if b.with.Exchange != "" || b.with.RoutingKey != "" || b.with.Queue != "" {
		config.TopologyBuilder = asItIs{}
		config.Exchange.GenerateName = func(string) string { return b.with.Exchange }
		config.Publish.GenerateRoutingKey = func(topic string) string { return cmp.Or(b.with.RoutingKey, topic) }
		config.Queue.GenerateName = func(topic string) string { return cmp.Or(b.with.Queue, topic) }
	}
	return config
}

// asItIs declares nothing: others have.
type asItIs struct{}

func (asItIs) BuildTopology(*amqp.Channel, string, string, watermillamqp.Config, watermill.LoggerAdapter) error {
	return nil
}

func (asItIs) ExchangeDeclare(*amqp.Channel, string, watermillamqp.Config) error { return nil }

func (b amqpBackend) publisher() (message.Publisher, error) {
	return watermillamqp.NewPublisher(b.config(), watermill.NopLogger{})
}

func (b amqpBackend) subscriber() (message.Subscriber, error) {
	return watermillamqp.NewSubscriber(b.config(), watermill.NopLogger{})
}

func (b amqpBackend) create(topic string) error {
	subscriber, err := watermillamqp.NewSubscriber(b.config(), watermill.NopLogger{})
	if err != nil {
		return err
	}
	defer subscriber.Close()
	return subscriber.SubscribeInitialize(topic)
}

func (b amqpBackend) remove(topic string) error {
	connection, err := amqp.Dial(b.with.URL)
	if err != nil {
		return err
	}
	defer connection.Close()
	channel, err := connection.Channel()
	if err != nil {
		return err
	}
	if b.with.PubSub {
		if err := channel.ExchangeDelete(topic, false, false); err != nil {
			return err
		}
	}
	_, err = channel.QueueDelete(b.config().Queue.GenerateName(topic), false, false, false)
	return err
}
