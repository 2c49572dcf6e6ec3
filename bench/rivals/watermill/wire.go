package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
)

// wireMessage is a Watermill message as a line of JSON; the payload is in base64.
type wireMessage struct {
	UUID     string            `json:"uuid"`
	Metadata map[string]string `json:"metadata"`
	Payload  []byte            `json:"payload"`
}

func brokerFlags(name string) (*flag.FlagSet, *settings, *string) {
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	with := &settings{}
	flags.StringVar(&with.URL, "url", "", "amqp://…, kafka://host:port or nats://host:port")
	flags.StringVar(&with.Group, "group", "watermill", "consumer group; on RabbitMQ with -pubsub the queue is topic_group")
	flags.StringVar(&with.Setting, "setting", "", settingHelp)
	flags.BoolVar(&with.PubSub, "pubsub", false, "RabbitMQ: a fan-out exchange instead of a work queue")
	flags.StringVar(&with.Exchange, "exchange", "", "RabbitMQ: publish to this exchange, which is there")
	flags.StringVar(&with.RoutingKey, "routing-key", "", "RabbitMQ: publish with this key; the topic unless given")
	flags.StringVar(&with.Queue, "queue", "", "RabbitMQ: consume from this queue, which is there")
	flags.IntVar(&with.Prefetch, "prefetch", 0, "RabbitMQ: 1 is Watermill's default")
	flags.IntVar(&with.Partitions, "partitions", 1, "Kafka: of a created topic")
	topic := flags.String("topic", "", "topic")
	return flags, with, topic
}

// publish reads a message a line from standard input, and prints how many it has published when there are no more.
func publish(args []string) error {
	flags, with, topic := brokerFlags("publish")
	create := flags.Bool("create", false, "create the topic first")
	if err := flags.Parse(args); err != nil {
		return err
	}
	broker, err := open(*with)
	if err != nil {
		return err
	}
	if *create {
		if err := broker.create(*topic); err != nil {
			return err
		}
	}
	publisher, err := broker.publisher()
	if err != nil {
		return err
	}
	defer publisher.Close()
	count := 0
	for lines := json.NewDecoder(bufio.NewReader(os.Stdin)); ; count++ {
		var one wireMessage
		if err := lines.Decode(&one); errors.Is(err, io.EOF) {
			return output.Encode(map[string]int{"published": count})
		} else if err != nil {
			return err
		}
		out := message.NewMessage(one.UUID, one.Payload)
		for key, value := range one.Metadata {
			out.Metadata.Set(key, value)
		}
		if err := publisher.Publish(*topic, out); err != nil {
			return err
		}
	}
}

// consume prints {"ready":true} when it has subscribed, then each message, which it acks, and ends after the last that was asked for.
func consume(args []string) error {
	flags, with, topic := brokerFlags("consume")
	count := flags.Int("count", 1, "messages to take")
	timeout := flags.Duration("timeout", 30*time.Second, "fail when they have not come by then")
	create := flags.Bool("create", false, "create the topic first")
	if err := flags.Parse(args); err != nil {
		return err
	}
	broker, err := open(*with)
	if err != nil {
		return err
	}
	if *create {
		if err := broker.create(*topic); err != nil {
			return err
		}
	}
	subscriber, err := broker.subscriber()
	if err != nil {
		return err
	}
	defer subscriber.Close()
	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	messages, err := subscriber.Subscribe(ctx, *topic)
	if err != nil {
		return err
	}
	if err := output.Encode(map[string]bool{"ready": true}); err != nil {
		return err
	}
	for taken := range *count {
		select {
		case one, ok := <-messages:
			if !ok {
				return fmt.Errorf("the subscription ended after %d messages", taken)
			}
			if err := output.Encode(wireMessage{one.UUID, one.Metadata, one.Payload}); err != nil {
				return err
			}
			one.Ack()
			// Closing a subscriber drops acks that it has not sent yet. When it has, it ends the message's context.
			<-one.Context().Done()
		case <-ctx.Done():
			return fmt.Errorf("%d of %d messages came within %s", taken, *count, *timeout)
		}
	}
	return nil
}
