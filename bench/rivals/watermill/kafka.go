package main

import (
	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/ThreeDotsLabs/watermill/message"
)

type kafkaBackend struct {
	with    settings
	brokers []string
}

func (b kafkaBackend) publisher() (message.Publisher, error) {
	config := kafka.DefaultSaramaSyncPublisherConfig()
	if b.with.Setting == "all" {
		config.Producer.RequiredAcks = sarama.WaitForAll
	}
	return kafka.NewPublisher(
		kafka.PublisherConfig{Brokers: b.brokers, Marshaler: kafka.DefaultMarshaler{}, OverwriteSaramaConfig: config},
		watermill.NopLogger{},
	)
}

func (b kafkaBackend) subscriber() (message.Subscriber, error) {
	return b.kafkaSubscriber()
}

func (b kafkaBackend) kafkaSubscriber() (*kafka.Subscriber, error) {
	config := kafka.DefaultSaramaSubscriberConfig()
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	return kafka.NewSubscriber(
		kafka.SubscriberConfig{
			Brokers:                b.brokers,
			Unmarshaler:            kafka.DefaultMarshaler{},
			OverwriteSaramaConfig:  config,
			ConsumerGroup:          b.with.Group,
			InitializeTopicDetails: &sarama.TopicDetail{NumPartitions: int32(max(1, b.with.Partitions)), ReplicationFactor: 1},
		},
		watermill.NopLogger{},
	)
}

func (b kafkaBackend) create(topic string) error {
	subscriber, err := b.kafkaSubscriber()
	if err != nil {
		return err
	}
	defer subscriber.Close()
	return subscriber.SubscribeInitialize(topic)
}

func (b kafkaBackend) remove(topic string) error {
	admin, err := sarama.NewClusterAdmin(b.brokers, kafka.DefaultSaramaSubscriberConfig())
	if err != nil {
		return err
	}
	defer admin.Close()
	return admin.DeleteTopic(topic)
}
