// Reads a folder's compose.yaml as Docker Compose does, by Compose's own loader: schema, .env, profiles. Prints what
// each service is given in its environment, as JSON; or why the file is refused, and ends with 1.
//
//	go run . FOLDER
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	environments, err := read(os.Args[1])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(environments)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(folder string) (map[string]map[string]*string, error) {
	options, err := cli.NewProjectOptions(nil,
		cli.WithWorkingDirectory(folder),
		cli.WithDefaultConfigPath,
		cli.WithEnvFiles(),
		cli.WithDotEnv,
		cli.WithProfiles([]string{"*"}),
	)
	if err != nil {
		return nil, err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return nil, err
	}
	environments := map[string]map[string]*string{}
	for name, service := range project.Services {
		environments[name] = service.Environment
	}
	return environments, nil
}
