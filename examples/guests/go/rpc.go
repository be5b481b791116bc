package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
)

// rpcError is a JSON-RPC error object. A method that returns one chooses the code; any other error becomes a serverError.
type rpcError struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

func (e *rpcError) Error() string { return fmt.Sprintf("%s (%d)", e.Message, e.Code) }

const (
	parseError     = -32700
	invalidRequest = -32600
	methodNotFound = -32601
	invalidParams  = -32602
	serverError    = -32000
)

// message is a request, a notification (no id) or a reply (no method). The raw members are JSON text, nil when absent.
type message struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *rpcError       `json:"error,omitempty"`
}

// lineBytes bounds a message; a longer line is answered with invalidRequest and forgotten. The error's data name the limit,
// as the host's own errors do.
const lineBytes = 1<<20 - 1

// peer speaks JSON-RPC 2.0 with the host over stdin and stdout, one message a line.
//
// It uses no goroutines: a guest has one thread, and where the host's stdin blocks, a read stops every goroutine. So a call
// reads on until its own reply comes, and serves the requests that it meets on the way.
type peer struct {
	methods map[string]func(params json.RawMessage) (any, error)
	in      *bufio.Reader
	out     *json.Encoder
	nextID  uint64
	replies map[string]*message // by id; nil while the call waits
}

func newPeer() *peer {
	return &peer{
		in:      bufio.NewReaderSize(os.Stdin, lineBytes+1),
		out:     json.NewEncoder(os.Stdout),
		replies: map[string]*message{},
	}
}

// serve answers requests until the end of stdin.
func (p *peer) serve() error {
	for {
		if err := p.receive(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// call calls a method of the host, waits for the reply, and decodes it into result.
func (p *peer) call(method string, params, result any) error {
	encoded, err := json.Marshal(params)
	if err != nil {
		return err
	}
	id := fmt.Sprint(p.nextID)
	p.nextID++
	p.replies[id] = nil
	defer delete(p.replies, id)
	if err := p.send(message{ID: json.RawMessage(id), Method: method, Params: encoded}); err != nil {
		return err
	}
	for p.replies[id] == nil {
		if err := p.receive(); err == io.EOF {
			log.Fatal("stdin ended during a call to the host")
		} else if err != nil {
			return err
		}
	}
	reply := p.replies[id]
	if reply.Error != nil {
		return reply.Error
	}
	return json.Unmarshal(reply.Result, result)
}

// receive reads one line and acts on it. It returns io.EOF at the end of stdin.
func (p *peer) receive() error {
	line, err := p.in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		for err == bufio.ErrBufferFull {
			_, err = p.in.ReadSlice('\n')
		}
		return p.fail(nil, &rpcError{
			Code:    invalidRequest,
			Message: fmt.Sprintf("line longer than %d bytes", lineBytes),
			Data:    json.RawMessage(fmt.Sprintf(`{"limit":"lineBytes","value":%d}`, lineBytes)),
		})
	}
	if err != nil && (err != io.EOF || len(line) == 0) {
		return err
	}

	var m message
	if !json.Valid(line) {
		return p.fail(nil, &rpcError{Code: parseError, Message: "parse error"})
	}
	if err := json.Unmarshal(line, &m); err != nil {
		return p.fail(nil, &rpcError{Code: invalidRequest, Message: err.Error()})
	}
	switch {
	case m.Method != "":
		return p.handleRequest(&m)
	case m.ID != nil && (m.Result != nil || m.Error != nil):
		if reply, called := p.replies[string(m.ID)]; called && reply == nil {
			p.replies[string(m.ID)] = &m
		} else {
			log.Printf("ignored a reply to no call of ours, id %.40s", m.ID)
		}
		return nil
	default:
		return p.fail(nil, &rpcError{Code: invalidRequest, Message: "neither a request nor a reply"})
	}
}

func (p *peer) handleRequest(request *message) error {
	if request.ID == nil && strings.HasPrefix(request.Method, "$/") {
		return nil // such as $/cancelRequest: for programs that can do two things at once
	}
	log.Printf("serving %.80q", request.Method)
	method, found := p.methods[request.Method]
	if !found {
		return p.answer(request.ID, nil, &rpcError{Code: methodNotFound, Message: "method not found"})
	}
	result, err := method(request.Params)
	return p.answer(request.ID, result, err)
}

// answer sends the outcome of a request, unless it was a notification.
func (p *peer) answer(id json.RawMessage, result any, err error) error {
	if id == nil {
		return nil
	}
	if err != nil {
		return p.fail(id, err)
	}
	encoded, err := json.Marshal(result)
	if err != nil {
		return p.fail(id, err)
	}
	return p.send(message{ID: id, Result: encoded})
}

// fail sends an error. An id of nil stands for a request whose id could not be read.
func (p *peer) fail(id json.RawMessage, err error) error {
	if id == nil {
		id = json.RawMessage("null")
	}
	var object *rpcError
	if !errors.As(err, &object) {
		object = &rpcError{Code: serverError, Message: err.Error()}
	}
	return p.send(message{ID: id, Error: object})
}

func (p *peer) send(m message) error {
	m.Version = "2.0"
	return p.out.Encode(m)
}
