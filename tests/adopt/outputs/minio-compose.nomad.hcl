job "minio" {
  datacenters = ["dc1"]
  type        = "service"

  group "minio1" {
    network {
      mode     = "bridge"
      hostname = "minio1"
    }

    volume "minio1-data1" {
      type   = "host"
      source = "minio-minio1-data1"
    }

    volume "minio1-data2" {
      type   = "host"
      source = "minio-minio1-data2"
    }

    service {
      name         = "minio1"
      provider     = "nomad"
      port         = "9000"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "9000"
        address_mode = "alloc"
        interval     = "5s"
        timeout      = "5s"
      }
    }

    task "minio1" {
      driver = "docker"

      config {
        image = "quay.io/minio/minio:RELEASE.2024-12-18T13-15-44Z"
        args  = ["server", "--console-address", ":9001", "http://minio{1...4}/data{1...2}"]
      }

      env {
        MINIO_ROOT_USER = "minioadmin"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/minio/minio1/minio1" }}
MINIO_ROOT_PASSWORD={{ .MINIO_ROOT_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "minio1-data1"
        destination = "/data1"
      }

      volume_mount {
        volume      = "minio1-data2"
        destination = "/data2"
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

  group "minio2" {
    network {
      mode     = "bridge"
      hostname = "minio2"
    }

    volume "minio2-data1" {
      type   = "host"
      source = "minio-minio2-data1"
    }

    volume "minio2-data2" {
      type   = "host"
      source = "minio-minio2-data2"
    }

    service {
      name         = "minio2"
      provider     = "nomad"
      port         = "9000"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "9000"
        address_mode = "alloc"
        interval     = "5s"
        timeout      = "5s"
      }
    }

    task "minio2" {
      driver = "docker"

      config {
        image = "quay.io/minio/minio:RELEASE.2024-12-18T13-15-44Z"
        args  = ["server", "--console-address", ":9001", "http://minio{1...4}/data{1...2}"]
      }

      env {
        MINIO_ROOT_USER = "minioadmin"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/minio/minio2/minio2" }}
MINIO_ROOT_PASSWORD={{ .MINIO_ROOT_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "minio2-data1"
        destination = "/data1"
      }

      volume_mount {
        volume      = "minio2-data2"
        destination = "/data2"
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

  group "minio3" {
    network {
      mode     = "bridge"
      hostname = "minio3"
    }

    volume "minio3-data1" {
      type   = "host"
      source = "minio-minio3-data1"
    }

    volume "minio3-data2" {
      type   = "host"
      source = "minio-minio3-data2"
    }

    service {
      name         = "minio3"
      provider     = "nomad"
      port         = "9000"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "9000"
        address_mode = "alloc"
        interval     = "5s"
        timeout      = "5s"
      }
    }

    task "minio3" {
      driver = "docker"

      config {
        image = "quay.io/minio/minio:RELEASE.2024-12-18T13-15-44Z"
        args  = ["server", "--console-address", ":9001", "http://minio{1...4}/data{1...2}"]
      }

      env {
        MINIO_BROWSER   = "off"
        MINIO_ROOT_USER = "minioadmin"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/minio/minio3/minio3" }}
MINIO_ROOT_PASSWORD={{ .MINIO_ROOT_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "minio3-data1"
        destination = "/data1"
      }

      volume_mount {
        volume      = "minio3-data2"
        destination = "/data2"
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

  group "nginx" {
    network {
      mode     = "bridge"
      hostname = "nginx"

      port "port9000" {
        static = 9000
        to     = 9000
      }

      port "port9001" {
        static = 9001
        to     = 9001
      }
    }

    service {
      name     = "nginx"
      provider = "nomad"
      port     = "port9000"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "nginx" {
      driver = "docker"

      config {
        image   = "nginx:1.19.2-alpine"
        volumes = ["local/nginx-conf:/etc/nginx/nginx.conf:ro"]
      }

      template {
        data            = file("./nginx.conf")
        destination     = "local/nginx-conf"
        left_delimiter  = "<<%"
        right_delimiter = "%>>"
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
