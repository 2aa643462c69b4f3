job "homeassistant" {
  datacenters = ["dc1"]
  type        = "service"

  group "mosquitto" {
    network {
      mode = "bridge"

      port "mqtt" {
        static = 1883
        to     = 1883
      }

      port "port9001" {
        static = 9001
        to     = 9001
      }

      port "port8080" {
        static = 8081
        to     = 8080
      }
    }

    volume "mosquitto-config" {
      type   = "host"
      source = "homeassistant-mosquitto-config"
    }

    volume "mosquitto-data" {
      type   = "host"
      source = "homeassistant-mosquitto-data"
    }

    volume "zigbee2mqtt-data" {
      type   = "host"
      source = "homeassistant-zigbee2mqtt-data"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "mosquitto"
      provider = "nomad"
      port     = "mqtt"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    service {
      name     = "zigbee2mqtt"
      provider = "nomad"
      port     = "port8080"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "mosquitto" {
      driver = "docker"

      config {
        image       = "eclipse-mosquitto:2.0"
        extra_hosts = ["mosquitto:127.0.0.1", "zigbee2mqtt:127.0.0.1"]

        mount {
          type   = "tmpfs"
          target = "/mosquitto/log"

          tmpfs_options {
            size = 16777216
          }
        }
      }

      volume_mount {
        volume      = "mosquitto-config"
        destination = "/mosquitto/config"
      }

      volume_mount {
        volume      = "mosquitto-data"
        destination = "/mosquitto/data"
      }

      resources {
        memory = 512
      }
    }

    task "zigbee2mqtt" {
      driver = "docker"
      user   = "1000:1000"

      config {
        image       = "ghcr.io/koenkk/zigbee2mqtt:2.6"
        extra_hosts = ["mosquitto:127.0.0.1", "zigbee2mqtt:127.0.0.1"]
        volumes     = ["/run/udev:/run/udev:ro"]
        group_add   = ["dialout"]
        devices = [
          { host_path = "/dev/serial/by-id/usb-ITead_Sonoff_Zigbee_3.0_USB_Dongle_Plus_0001-if00-port0", container_path = "/dev/ttyUSB0" },
        ]
      }

      env {
        TZ                             = "Europe/Vienna"
        ZIGBEE2MQTT_CONFIG_MQTT_SERVER = "mqtt://mosquitto"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/homeassistant/mosquitto/zigbee2mqtt" }}
ZIGBEE2MQTT_CONFIG_MQTT_PASSWORD={{ .ZIGBEE2MQTT_CONFIG_MQTT_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "zigbee2mqtt-data"
        destination = "/app/data"
      }

      resources {
        memory = 512
      }
    }
  }

  group "homeassistant" {
    network {
      mode = "host"

      port "port8123" {
        static = 8123
      }
    }

    volume "homeassistant-config" {
      type   = "host"
      source = "homeassistant-config"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "homeassistant"
      provider = "nomad"
      port     = "port8123"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "homeassistant" {
      driver = "docker"

      config {
        image        = "ghcr.io/home-assistant/home-assistant:stable"
        network_mode = "host"
        volumes      = ["/run/dbus:/run/dbus:ro"]
      }

      env {
        TZ = "Europe/Vienna"
      }

      volume_mount {
        volume      = "homeassistant-config"
        destination = "/config"
      }

      resources {
        memory = 512
      }
    }
  }
}
