// The first process of the local stand-in for the `mongo` image.
//
// It gives FerretDB the contract of the official image's entrypoint, as far as urbania relies on it:
// MONGO_INITDB_ROOT_USERNAME with MONGO_INITDB_ROOT_PASSWORD or MONGO_INITDB_ROOT_PASSWORD_FILE create the
// first user on an empty volume, and only there; the server runs as uid 999 on 0.0.0.0:27017 with its
// data in /data/db.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	server   = "/usr/bin/ferretdb"
	data     = "/data/db"
	owner    = 999
	username = "MONGO_INITDB_ROOT_USERNAME"
	password = "MONGO_INITDB_ROOT_PASSWORD"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run() error {
	user, secret, err := credentials()
	if err != nil {
		return err
	}
	if err := becomeOwner(); err != nil {
		return err
	}
	env := []string{
		"DO_NOT_TRACK=1",
		"FERRETDB_TELEMETRY=disable",
		"FERRETDB_HANDLER=sqlite",
		"FERRETDB_SQLITE_URL=file:" + data + "/",
		"FERRETDB_STATE_DIR=-",
		"FERRETDB_DEBUG_ADDR=-",
		"FERRETDB_LISTEN_ADDR=0.0.0.0:27017",
	}
	if user != "" {
		env = append(env, "FERRETDB_TEST_ENABLE_NEW_AUTH=true")
		if fresh, err := volumeIsEmpty(); err != nil {
			return err
		} else if fresh {
			env = append(env,
				"FERRETDB_SETUP_DATABASE=admin",
				"FERRETDB_SETUP_USERNAME="+user,
				"FERRETDB_SETUP_PASSWORD="+secret,
			)
		}
	}
	// The environment, not the arguments: those are readable by every user of the host.
	return fmt.Errorf("cannot start %s: %w", server, syscall.Exec(server, []string{"mongod"}, env))
}

// credentials reads the first user's name and password, both or neither.
func credentials() (string, string, error) {
	user, secret, file := os.Getenv(username), os.Getenv(password), os.Getenv(password+"_FILE")
	if secret != "" && file != "" {
		return "", "", fmt.Errorf("both %s and %s_FILE are set (but are exclusive)", password, password)
	}
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", "", err
		}
		secret = strings.TrimRight(string(text), "\n")
	}
	if (user == "") != (secret == "") {
		return "", "", fmt.Errorf("missing %s or %s: both must be specified", username, password)
	}
	return user, secret, nil
}

// becomeOwner hands the data folder to the server's user and becomes that user.
func becomeOwner() error {
	if os.Getuid() != 0 {
		return nil
	}
	err := filepath.WalkDir(data, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, owner, owner)
	})
	return errors.Join(err, syscall.Setgroups([]int{owner}), syscall.Setgid(owner), syscall.Setuid(owner))
}

// volumeIsEmpty tells a first start from a later one.
func volumeIsEmpty() (bool, error) {
	_, err := os.Stat(filepath.Join(data, "admin.sqlite"))
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return false, err
}
