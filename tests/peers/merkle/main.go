// Checks what the register says with github.com/transparency-dev/merkle, which the register's authors did not write:
// a tlog-proof and its entry, or the consistency of two roots.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("proved")
}

func run(arguments []string) error {
	if len(arguments) < 4 {
		return fmt.Errorf("inclusion KEY PROOF ENTRY, or consistency SIZE1 ROOT1 SIZE2 ROOT2 [HASH...]")
	}
	if arguments[0] == "inclusion" {
		return inclusion(arguments[1], arguments[2], arguments[3])
	}
	return consistency(arguments[1:])
}

// inclusion checks a file of a proof and a file of its entry, under a verifier key.
func inclusion(key, proofFile, entryFile string) error {
	text, err := os.ReadFile(proofFile)
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(entryFile)
	if err != nil {
		return err
	}
	head, signed, found := bytes.Cut(text, []byte("\n\n"))
	if !found {
		return fmt.Errorf("no checkpoint")
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil {
		return err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil {
		return err
	}
	var index uint64
	var hashes [][]byte
	scanner := bufio.NewScanner(bytes.NewReader(head))
	for scanner.Scan() {
		line := scanner.Text()
		switch {
		case line == "c2sp.org/tlog-proof@v1" || strings.HasPrefix(line, "extra "):
		case strings.HasPrefix(line, "index "):
			if index, err = strconv.ParseUint(line[len("index "):], 10, 64); err != nil {
				return err
			}
		default:
			hash, err := base64.StdEncoding.DecodeString(line)
			if err != nil {
				return err
			}
			hashes = append(hashes, hash)
		}
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(entry)
	return proof.VerifyInclusion(rfc6962.DefaultHasher, index, size, leaf, hashes, root)
}

// consistency checks two roots in hexadecimal, and the hashes between them.
func consistency(arguments []string) error {
	first, err := strconv.ParseUint(arguments[0], 10, 64)
	if err != nil {
		return err
	}
	second, err := strconv.ParseUint(arguments[2], 10, 64)
	if err != nil {
		return err
	}
	var hashes [][]byte
	for _, each := range append([]string{arguments[1], arguments[3]}, arguments[4:]...) {
		hash, err := hex.DecodeString(each)
		if err != nil {
			return err
		}
		hashes = append(hashes, hash)
	}
	return proof.VerifyConsistency(rfc6962.DefaultHasher, first, second, hashes[2:], hashes[0], hashes[1])
}
