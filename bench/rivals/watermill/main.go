// Command watermill drives Watermill's own packages for Millrace's benchmarks and wire tests.
// Everything it prints on standard output is JSON, one object a line.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

var commands = map[string]func(args []string) error{
	"gochannel": goChannel,
	"bench":     bench,
	"publish":   publish,
	"consume":   consume,
}

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: watermill gochannel|bench|publish|consume [flags]; -h after a command lists its flags")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "watermill:", err)
		os.Exit(1)
	}
}

var output = json.NewEncoder(os.Stdout)

// rate is one measurement.
type rate struct {
	Case    string  `json:"case"`
	Size    int     `json:"size"`
	Repeat  int     `json:"repeat"`
	PerSec  float64 `json:"perSecond"`
	Count   int     `json:"messages"`
	Seconds float64 `json:"seconds"`
}
