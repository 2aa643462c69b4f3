job "restic-once" {
  datacenters = ["dc1"]
  type        = "service"

  group "restic-once" {
    network {
      mode     = "bridge"
      hostname = "vm3"
    }

    volume "restic-once-data" {
      type      = "host"
      source    = "restic-once-data"
      read_only = true
    }

    volume "restic-once-ssh" {
      type      = "host"
      source    = "restic-once-ssh"
      read_only = true
    }

    task "restic-once" {
      driver = "docker"

      config {
        image   = "restic/restic:0.17.1"
        args    = ["backup", "/data"]
        volumes = ["secrets/pw:/run/pw:ro"]
      }

      env {
        RESTIC_PASSWORD_FILE = "/run/pw"
        RESTIC_REPOSITORY    = "sftp:backup@nas:/restic"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/restic-once/restic-once/restic-once" }}{{ .pw.Value }}{{ end -}}
EOT
        destination = "secrets/pw"
      }

      volume_mount {
        volume      = "restic-once-data"
        destination = "/data"
        read_only   = true
      }

      volume_mount {
        volume      = "restic-once-ssh"
        destination = "/root/.ssh"
        read_only   = true
      }

      restart {
        attempts = 0
        mode     = "fail"
      }

      resources {
        memory = 512
      }
    }
  }
}
