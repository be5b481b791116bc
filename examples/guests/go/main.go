// A Rivulet plugin in Go: one function a method. The protocol is in rpc.go.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"math/rand/v2"
	"time"
)

type primes struct {
	Count uint64 `json:"count"`
	Limit uint64 `json:"limit"`
}

// number reads the one number that a method takes, sent as 5 or as [5].
func number(params json.RawMessage) (uint64, error) {
	var bare *uint64
	if json.Unmarshal(params, &bare) == nil && bare != nil {
		return *bare, nil
	}
	var list []*uint64
	if json.Unmarshal(params, &list) == nil && len(list) == 1 && list[0] != nil {
		return *list[0], nil
	}
	return 0, &rpcError{Code: invalidParams, Message: "expected a whole number"}
}

func sleep(params json.RawMessage) (any, error) {
	milliseconds, err := number(params)
	if err != nil {
		return nil, err
	}
	time.Sleep(time.Duration(milliseconds) * time.Millisecond)
	return nil, nil
}

func (p *peer) manyEcho(params json.RawMessage) (any, error) {
	count, err := number(params)
	if err != nil {
		return nil, err
	}
	for i := range count {
		var reply json.RawMessage
		if err := p.call("echo", i, &reply); err != nil {
			return nil, fmt.Errorf("echo %d: %w", i, err)
		}
		if string(reply) != fmt.Sprint(i) {
			return nil, fmt.Errorf("echo %d came back as %.40s", i, reply)
		}
	}
	return nil, nil
}

func primeSieve(params json.RawMessage) (any, error) {
	limit, err := number(params)
	if err != nil {
		return nil, err
	}
	// Go ends the program when memory runs out, so refuse what cannot fit.
	if limit >= 1<<28 {
		return nil, &rpcError{Code: invalidParams, Message: "the limit must be less than 2^28"}
	}
	composite := make([]bool, limit+1)
	count := uint64(0)
	for n := uint64(2); n <= limit; n++ {
		if composite[n] {
			continue
		}
		count++
		// Smaller multiples have a smaller prime factor, which crossed them out.
		for multiple := n * n; multiple <= limit; multiple += n {
			composite[multiple] = true
		}
	}
	return primes{Count: count, Limit: limit}, nil
}

func main() {
	log.SetFlags(0) // log writes to stderr; the host knows the time
	p := newPeer()
	p.methods = map[string]func(json.RawMessage) (any, error){
		"ping":              func(json.RawMessage) (any, error) { return "pong", nil },
		"get_random_number": func(json.RawMessage) (any, error) { return rand.Uint64(), nil },
		"get_time":          func(json.RawMessage) (any, error) { return time.Now().Unix(), nil },
		"sleep":             sleep,
		"many_echo":         p.manyEcho,
		"prime_sieve":       primeSieve,
	}
	if err := p.serve(); err != nil {
		log.Fatal(err)
	}
}
